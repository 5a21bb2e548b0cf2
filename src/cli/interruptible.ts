// Ctrl-C and SIGTERM as an abort signal: the work cleans up after itself, then ft ends with the documented code.
import { FtError } from "../errors.js";

/**
 * Runs `work`; the first SIGINT or SIGTERM aborts its signal, and the failure that follows becomes "interrupted".
 * @param next what the person can do then
 */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  next = "run the same command again; finished downloads are kept",
): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    throw new FtError({
      code: "interrupted",
      exit: "interrupted",
      message: "interrupted",
      next,
      cause: error,
    });
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}
