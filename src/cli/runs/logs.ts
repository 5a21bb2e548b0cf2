// `ft runs logs`: stdout.log of a run.
import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runsDir } from "../../paths.js";
import { reconcile } from "../../pipeline/reconcile.js";
import { visibleText } from "../../report/visible.js";
import { readJob } from "../../runs/job-file.js";
import { isFinal } from "../../runs/state.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { withRun } from "./with-runs.js";

interface Flags {
  lines?: number;
  follow?: boolean;
  json?: boolean;
}

export async function logsCommand({ io }: CommandContext, asked: string, flags: Flags): Promise<void> {
  await withRun(io, asked, async (store, run) => {
    const dir = join(runsDir(io.cwd), run.id);
    readJob(dir);
    const file = join(dir, "stdout.log");
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    const shown = flags.lines === undefined ? text : lastLines(text, flags.lines);
    if (flags.json) return writeJson(io, { ok: true, run: run.id, file, text: shown });
    // What a trainer printed may hold codes that act on a terminal; a pipe gets it as it is.
    const write = (part: string) => io.out.write(io.out.isTTY ? visibleText(part.replaceAll("\r\n", "\n")) : part);
    write(shown);
    if (!flags.follow) return;
    let offset = Buffer.byteLength(text);
    for (let state = run.state; !isFinal(state) && state !== "lost"; ) {
      await sleep(500);
      state = (await reconcile(store, io.cwd, run.id, io.now())).state;
      const more = readFrom(file, offset);
      offset += more.length;
      write(more.toString("utf8"));
    }
  });
}

function lastLines(text: string, count: number): string {
  const lines = text.split("\n");
  const whole = lines.at(-1) === "" ? lines.slice(0, -1) : lines;
  return whole
    .slice(Math.max(0, whole.length - count))
    .map((line) => `${line}\n`)
    .join("");
}

function readFrom(file: string, offset: number): Buffer {
  if (!existsSync(file)) return Buffer.alloc(0);
  const descriptor = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(1 << 20);
    return buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, offset));
  } finally {
    closeSync(descriptor);
  }
}
