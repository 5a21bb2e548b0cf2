// How far a pass over rows is: one line on a terminal, from the second second on.
import type { CheckProgress } from "../../dataset/check-dataset.js";
import type { Io } from "../io.js";

/** @param doing "checking", "counting" */
export function rowProgress(io: Io, doing: string) {
  let last = io.now() + 900;
  let isDrawn = false;
  return {
    show({ file, rows, read, size }: CheckProgress): void {
      if (!io.err.isTTY || io.now() - last < 100) return;
      last = io.now();
      isDrawn = true;
      const percent = Math.min(100, Math.floor((read / size) * 100));
      io.err.write(`\r\u001b[K${doing} ${file}  ${percent}%  ${rows.toLocaleString("en")} rows`);
    },
    clear(): void {
      if (isDrawn) io.err.write("\r\u001b[K");
    },
  };
}
