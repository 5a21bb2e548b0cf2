// Set-up that takes a while (environment, downloads, data check), on stderr: one redrawn line in a terminal, a line a label in a pipe.
import type { Io } from "./io.js";
import { cut, duration } from "./views/format.js";

/** What is being done now. Bytes are shown only with a total. */
export interface SetupProgress {
  /** A phrase for a person: "downloading smollm2-135m". */
  label: string;
  doneBytes?: number;
  totalBytes?: number;
}

export interface ProgressDisplay {
  update(progress: SetupProgress): void;
  /** A line that stays, above the live one. */
  note(text: string): void;
  /** Ends it with a line that stays, when there is something to say. May be called again without effect. */
  done(text?: string): void;
}

const frameMs = 100;
const spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const clearLine = "\r\x1b[2K";

export function createProgress(io: Io): ProgressDisplay {
  const isLive = io.err.isTTY && !io.env.CI && io.env.TERM !== "dumb";
  const started = io.now();
  let present: SetupProgress | null = null;
  let timer: NodeJS.Timeout | undefined;

  const draw = (): void => {
    if (present) io.err.write(`${clearLine}${liveLine(present, io.now() - started, io.err.columns)}`);
  };
  const print = (text: string): void => {
    io.err.write(`${isLive && present ? clearLine : ""}${text}\n`);
  };

  return {
    update(progress) {
      const isNew = progress.label !== present?.label;
      if (!isLive && isNew) print(progress.label);
      present = progress;
      if (!isLive || timer) return;
      draw();
      // The spinner and the time go on although the work says nothing; updates wait for the next frame.
      timer = setInterval(draw, frameMs);
      timer.unref();
    },
    note(text) {
      print(text);
      if (isLive) draw();
    },
    done(text) {
      clearInterval(timer);
      timer = undefined;
      if (text) print(text);
      else if (isLive && present) io.err.write(clearLine);
      present = null;
    },
  };
}

/** "⠹ downloading smollm2-135m  41 %  40 of 98 MB  12s", cut to the width of the terminal. */
export function liveLine({ label, doneBytes, totalBytes }: SetupProgress, elapsedMs: number, columns: number): string {
  const frame = spinner[Math.floor(elapsedMs / frameMs) % spinner.length]!;
  const facts = doneBytes !== undefined && totalBytes ? `  ${share(doneBytes, totalBytes)}` : "";
  const tail = `${facts}  ${duration(elapsedMs)}`;
  return `${frame} ${cut(label, Math.max(8, columns - tail.length - 3))}${tail}`;
}

function share(done: number, total: number): string {
  const [unit, size, digits] = total >= 1e9 ? ["GB", 1e9, 2] : total >= 1e7 ? ["MB", 1e6, 0] : ["MB", 1e6, 1];
  const text = (bytes: number): string => (bytes / (size as number)).toFixed(digits as number);
  const percent = Math.min(100, Math.floor((100 * done) / total));
  return `${percent} %  ${text(Math.min(done, total))} of ${text(total)} ${unit}`;
}
