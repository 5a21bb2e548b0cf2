// A machine on which programs are run and job folders lie: this one, or one that ssh reaches.

export interface RunOptions {
  /** What the program gets on its standard input; nothing when left out. */
  input?: string | Uint8Array;
  timeoutMs?: number;
  /** Bytes of its output that are taken; one that prints more is ended and the call fails. Default 64 MiB. */
  maxBytes?: number;
  signal?: AbortSignal | undefined;
}

export interface RunResult {
  /** 127 where there is no such program, as shells have it. */
  exitCode: number;
  stdout: Uint8Array;
  /** Its last 64 KiB, decoded; control characters are still in it. */
  stderr: string;
}

/** A program whose input and output are streams. */
export interface Conversation {
  stdin: NodeJS.WritableStream;
  stdout: NodeJS.ReadableStream;
  /** Resolves when it has ended. Rejects as `run` does. */
  ended: Promise<RunResult>;
  /** Ends it from here; `ended` may reject then. */
  end(): void;
}

/**
 * Arguments are handed over one by one: nothing in them is ever read by a shell. `run` and `talk` throw FtError launcher.unreachable (exit
 * environment) when the machine does not answer or the link breaks, and resolve whatever the program's exit code is.
 */
export interface Host {
  /** For people, and the same for the same machine: "this machine", "gpu-box". */
  label: string;
  isHere: boolean;
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  talk(argv: readonly string[], options?: Pick<RunOptions, "signal">): Conversation;
}
