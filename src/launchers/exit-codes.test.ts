// When a platform's words of a job's end say that its time was up.
import { expect, it } from "vitest";
import { isOutOfTime } from "./exit-codes.js";

it.each([
  ["FAILED: Job exited with exit code 124", true],
  [
    "FAILED: Job exited with exit code 124 (user program failure). To see the details, run: sky jobs logs --controller 7",
    true,
  ],
  ["FAILED: Job exited with exit codes [137, 124] (user program failure).", true],
  ["ERROR: Job timeout", true],
  ["ERROR: Job timed out after 3600 s", true],
  ["FAILED: Job exited with exit code 1", false],
  ["FAILED_SETUP: image pull timed out", false],
  ["ERROR: job 124 failed", false],
])("%s: %s", (words, isSo) => expect(isOutOfTime(words)).toBe(isSo));
