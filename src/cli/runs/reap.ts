// `ft runs reap`: what of ft's is left on targets, and ends it after asking.
import { createInterface } from "node:readline/promises";
import { exitCodes, FtError } from "../../errors.js";
import { endLeftover, type FoundLeftover, findLeftovers } from "../../pipeline/reap.js";
import { type Io, isInteractive, writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { plainTable } from "../views/plain-table.js";
import { withRuns } from "./with-runs.js";

interface Flags {
  on?: string;
  yes?: boolean;
  json?: boolean;
}

/** `ids`: these runs, also of other projects; else the orphans of this one. */
export async function reapCommand({ io, exit }: CommandContext, ids: string[], flags: Flags): Promise<void> {
  await withRuns(io, async (store) => {
    const { leftovers, problems } = await findLeftovers(store, io.cwd, io.env, flags.on);
    for (const problem of problems) io.err.write(`note: ${problem}\n`);
    const named = ids.flatMap((asked) => namedBy(asked, leftovers));
    const meant = ids.length > 0 ? named : leftovers.filter(({ verdict }) => verdict === "orphan");
    if (!flags.json) show(io, leftovers, { meant, isAllAsked: problems.length === 0 });
    const isAgreed = meant.length > 0 && (flags.yes || (!flags.json && (await agrees(io, meant.length))));
    const ended: FoundLeftover[] = [];
    if (isAgreed) {
      for (const leftover of meant) {
        try {
          await endLeftover(leftover);
          ended.push(leftover);
          if (!flags.json) io.err.write(`ended: ${leftover.run}: ${leftover.what}\n`);
        } catch (error) {
          if (!(error instanceof FtError)) throw error;
          problems.push(
            `${leftover.run}: ${leftover.what} is still there: ${error.message}${error.why ? ` (${error.why})` : ""}`,
          );
          io.err.write(`note: ${problems.at(-1)}\n`);
        }
      }
    }
    if (problems.length > 0) exit(exitCodes.environment.code);
    if (flags.json) writeJson(io, { ok: true, leftovers: leftovers.map(plain), ended: ended.map(plain), problems });
    else if (meant.length > 0 && !isAgreed) io.err.write("nothing was ended; ft runs reap --yes ends what is marked\n");
  });
}

/** By an id, or the beginning or end of one. Throws FtError reap.unknown, reap.ambiguous, reap.at-work (usage): what is ended must be sure. */
function namedBy(asked: string, leftovers: FoundLeftover[]): FoundLeftover[] {
  const found = leftovers.filter(({ run }) => run.startsWith(asked) || run.endsWith(asked));
  const runs = new Set(found.map(({ run }) => run));
  if (runs.size === 1) return exceptAtWork(found);
  const isUnknown = runs.size === 0;
  throw new FtError({
    code: isUnknown ? "reap.unknown" : "reap.ambiguous",
    exit: "usage",
    message: isUnknown ? `nothing is left of a run ${asked}` : `${asked} may mean ${[...runs].join(", ")}`,
    next: isUnknown ? "`ft runs reap` lists what is left" : "type more of the id",
  });
}

/** Throws FtError reap.at-work (usage): to stop a run is another command's. */
function exceptAtWork(found: FoundLeftover[]): FoundLeftover[] {
  const ending = found.filter(({ verdict }) => verdict !== "at work");
  if (ending.length > 0) return ending;
  const { run } = found[0]!;
  throw new FtError({
    code: "reap.at-work",
    exit: "usage",
    message: `nothing of run ${run} is left over: it is at work`,
    next: `stop it: ft runs cancel ${run}`,
  });
}

function plain({ run, attempt, what, isAlive, target, verdict, why }: FoundLeftover) {
  return { run, attempt, target: target.name, what, isAlive, verdict, why };
}

function show(
  io: Io,
  leftovers: FoundLeftover[],
  { meant, isAllAsked }: { meant: FoundLeftover[]; isAllAsked: boolean },
): void {
  if (leftovers.length === 0) {
    io.err.write(
      isAllAsked
        ? "nothing of ft's is left anywhere\n"
        : "nothing of ft's is left where ft could ask; repeat for the others\n",
    );
    return;
  }
  const columns = ["", "run", "attempt", "target", "what", "verdict", "why"].map((head) => ({ head }));
  const rows = leftovers.map((left) => [
    ...[meant.includes(left) ? "*" : "", left.run, left.attempt, left.target.name, left.what, left.verdict, left.why],
  ]);
  io.out.write(`${plainTable(columns, rows).join("\n")}\n`);
  if (meant.length === 0)
    io.err.write("no orphans; what is kept, or of another project, ends by its run's id: ft runs reap <run>\n");
}

async function agrees(io: Io, count: number): Promise<boolean> {
  if (!isInteractive(io)) return false;
  const prompt = createInterface({ input: io.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`end ${count === 1 ? "the one" : `the ${count}`} marked with *? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}
