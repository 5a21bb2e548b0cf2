// Runs ft's command line inside the test process: real commands, real files, captured output. Never throws.
import { Readable } from "node:stream";
import type { Io, Output } from "../src/cli/io.js";
import { main } from "../src/cli/program.js";

export interface FtResult {
  code: number;
  out: string;
  err: string;
}

interface RunOptions {
  cwd: string;
  env?: Record<string, string>;
  /** What is piped into it. */
  stdin?: string | Buffer;
  /** Its stdout is a terminal. */
  isTTY?: boolean;
}

/** `args` as typed after `ft`, already split. No terminal, so nothing is asked and nothing is drawn. */
export async function runFt(args: string[], options: RunOptions): Promise<FtResult> {
  const captured = { out: "", err: "" };
  const capture = (name: "out" | "err"): Output => ({
    write: (text) => {
      captured[name] += text;
    },
    isTTY: name === "out" && (options.isTTY ?? false),
    columns: 100,
  });
  const io: Io = {
    out: capture("out"),
    err: capture("err"),
    stdin: options.stdin === undefined ? process.stdin : (Readable.from([options.stdin]) as Io["stdin"]),
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...options.env },
    cwd: options.cwd,
    now: Date.now,
  };
  const code = await main(args, io);
  return { code, ...captured };
}
