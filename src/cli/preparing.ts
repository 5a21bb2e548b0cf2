// What a person sees while a run is prepared: progress lines, notices above them; Ctrl-C cleans up.
import type { PrepareContext } from "../pipeline/survey.js";
import { interruptible } from "./interruptible.js";
import type { Io } from "./io.js";
import { progressLines } from "./progress-lines.js";

export function preparing<T>(io: Io, work: (context: PrepareContext) => Promise<T>): Promise<T> {
  const progress = progressLines(io);
  return interruptible((signal) =>
    work({
      env: io.env,
      signal,
      onProgress: progress.report,
      onNotice: (text) => io.err.write(`${io.err.isTTY ? "\r\x1b[2K" : ""}note: ${text}\n`),
    }),
  ).finally(progress.end);
}
