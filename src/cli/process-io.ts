// The real world for commands: this process' streams, environment and clock.
import { exitCodes } from "../errors.js";
import type { Io, Output } from "./io.js";

export function processIo(): Io {
  return {
    out: output(process.stdout),
    err: output(process.stderr),
    stdin: process.stdin,
    env: process.env,
    cwd: process.cwd(),
    now: Date.now,
  };
}

/** A closed pipe (`ft runs ls | head -1`) ends the program quietly, as other tools do; a full disk with a word. */
function output(stream: NodeJS.WriteStream): Output {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    if (stream !== process.stderr) process.stderr.write(`error: the output cannot be written: ${error.message}\n`);
    process.exit(exitCodes.environment.code);
  });
  return {
    write: (text) => void stream.write(text),
    isTTY: stream.isTTY === true,
    columns: stream.columns ?? 100,
  };
}
