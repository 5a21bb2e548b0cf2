// Long work on stderr: one line that redraws itself on a terminal, one line a phase and at most every 10 s elsewhere.
import type { OnProgress, Progress } from "../progress.js";
import type { Io } from "./io.js";

const redrawMs = 100;
const pipedMs = 10_000;

/** `report` takes progress as it comes; `end` clears the live line. */
export function progressLines(io: Io): { report: OnProgress; end(): void } {
  const started = io.now();
  let last: Progress | undefined;
  let lastDrawn = 0;
  let isShown = false;

  const draw = (): void => {
    if (!last) return;
    const text = `${progressText(last)}  ${seconds(io.now() - started)}`;
    io.err.write(io.err.isTTY ? `\r\x1b[2K${text.slice(0, io.err.columns - 1)}` : `${progressText(last)}\n`);
    lastDrawn = io.now();
    isShown = true;
  };
  // The elapsed time moves although the work says nothing.
  const tick = io.err.isTTY ? setInterval(draw, 1_000) : undefined;
  tick?.unref();

  return {
    report(progress) {
      const isNewPhase = progress.label !== last?.label;
      last = progress;
      if (isNewPhase || io.now() - lastDrawn >= (io.err.isTTY ? redrawMs : pipedMs)) draw();
    },
    end() {
      clearInterval(tick);
      if (io.err.isTTY && isShown) io.err.write("\r\x1b[2K");
    },
  };
}

/** "downloading packages  1.20 of 2.95 GB (41 %)" */
export function progressText({ label, doneBytes, totalBytes }: Progress): string {
  if (doneBytes === undefined || !totalBytes) return label;
  const percent = Math.floor((100 * doneBytes) / totalBytes);
  return `${label}  ${size(doneBytes, totalBytes)} of ${size(totalBytes, totalBytes)} ${totalBytes >= 1e9 ? "GB" : "MB"} (${percent} %)`;
}

function size(bytes: number, scale: number): string {
  return scale >= 1e9 ? (bytes / 1e9).toFixed(2) : (bytes / 1e6).toFixed(scale >= 1e7 ? 0 : 1);
}

function seconds(ms: number): string {
  const total = Math.floor(ms / 1000);
  return total < 60 ? `${total} s` : `${Math.floor(total / 60)} min ${total % 60} s`;
}
