// A pass over rows as a person sees it: one line on a terminal, from the second second on; Ctrl-C ends it, and nothing is left behind.
import type { CheckProgress } from "../../dataset/check-dataset.js";
import { interruptible } from "../interruptible.js";
import type { Io } from "../io.js";

/**
 * `onProgress`, which the pass calls as it reads, is where it ends when it is interrupted: what it opened is closed on the way out.
 * @param doing "checking", "counting"
 * @throws FtError interrupted
 */
export async function passOverRows<T>(
  io: Io,
  doing: string,
  pass: (onProgress: (progress: CheckProgress) => void) => Promise<T>,
): Promise<T> {
  let last = io.now() + 900;
  let isDrawn = false;
  const show = ({ file, rows, read, size }: CheckProgress): void => {
    if (!io.err.isTTY || io.now() - last < 100) return;
    last = io.now();
    isDrawn = true;
    const percent = Math.min(100, Math.floor((read / size) * 100));
    io.err.write(`\r\u001b[K${doing} ${file}  ${percent}%  ${rows.toLocaleString("en")} rows`);
  };
  return interruptible(async (signal) => {
    const onProgress = (progress: CheckProgress) => {
      signal.throwIfAborted();
      show(progress);
    };
    return await pass(onProgress).finally(() => isDrawn && io.err.write("\r\u001b[K"));
  }, again);
}

/** What to do about an interrupted pass. */
export const again = "run the same command again; nothing was written";
