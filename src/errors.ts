// The one class for failures a person can cause, and the one table of exit codes (`ft help exit-codes` prints it).

/** Every way `ft` can end. Stable: CI jobs branch on these numbers. */
export const exitCodes = {
  ok: { code: 0, meaning: "done, or promoted" },
  internal: { code: 1, meaning: "a fault of ft itself; please report it with --debug output" },
  usage: { code: 2, meaning: "the command line is wrong" },
  recipe: { code: 3, meaning: "the recipe is invalid" },
  data: { code: 4, meaning: "the data is invalid, missing, empty or unreadable" },
  fit: { code: 5, meaning: "the job does not fit the hardware or the budget" },
  environment: {
    code: 6,
    meaning: "something is missing here: Python, engine, daemon, GPU, token, disk space, permission",
  },
  training: { code: 7, meaning: "training or evaluation failed" },
  gate: { code: 8, meaning: "the gate did not pass: the adapter is not promoted" },
  unchanged: { code: 9, meaning: "nothing to do (only with --exit-code)" },
  interrupted: { code: 10, meaning: "interrupted; the run can be resumed" },
  refused: { code: 11, meaning: "a service refused: hub or platform" },
  busy: { code: 12, meaning: "another `ft ci` of this recipe is going on" },
} as const;

export type ExitName = keyof typeof exitCodes;

/** A place in a file. `line` and `column` count from 1. */
export interface Place {
  file: string;
  line?: number;
  column?: number;
}

/** "file", "file:line", "file:line:column". */
export function placeText({ file, line, column }: Place): string {
  return [file, line, column].filter((part) => part !== undefined).join(":");
}

/** One problem inside a larger failure, for errors that report everything at once (a recipe with four mistakes). */
export interface Problem {
  message: string;
  where?: Place;
  fix?: string;
}

export interface FtErrorInit {
  /** Stable, dotted, greppable: `recipe.unknown-key`, `data.missing`, `env.no-python`. Tests match on it. */
  code: string;
  exit: ExitName;
  /** What went wrong, one sentence without trailing full stop. Names the thing. */
  message: string;
  where?: Place | undefined;
  why?: string | undefined;
  /** What the person does next, imperative. */
  next?: string | undefined;
  problems?: Problem[];
  cause?: unknown;
}

/** A failure a person can cause or mend. Anything else that is thrown is a bug of ft (exit 1). */
export class FtError extends Error {
  readonly code: string;
  readonly exit: ExitName;
  readonly where: Place | undefined;
  readonly why: string | undefined;
  readonly next: string | undefined;
  readonly problems: Problem[];

  constructor(init: FtErrorInit) {
    super(init.message, { cause: init.cause });
    this.name = "FtError";
    this.code = init.code;
    this.exit = init.exit;
    this.where = init.where;
    this.why = init.why;
    this.next = init.next;
    this.problems = init.problems ?? [];
  }
}
