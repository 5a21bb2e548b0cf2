// The real world for commands: this process' streams, environment and clock.
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

/** A closed pipe (`ft runs ls | head -1`) ends the program quietly, as other tools do. */
function output(stream: NodeJS.WriteStream): Output {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  return {
    write: (text) => void stream.write(text),
    isTTY: stream.isTTY === true,
    columns: stream.columns ?? 100,
  };
}
