// `ft adapters gc`: lists what may go, asks, and removes it.
import { createInterface } from "node:readline/promises";
import { whoDecides } from "../../adapters/promote.js";
import type { RegisteredAdapter } from "../../adapters/registry.js";
import { endRemovals, removableAdapters, removeAdapter } from "../../adapters/remove.js";
import { type Io, isInteractive, writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { adapterTable, size } from "../views/adapters.js";
import { nameOf, registeredAdapters } from "./with-adapters.js";

interface Flags {
  keep: number;
  olderThan: number;
  yes?: boolean;
  json?: boolean;
}

export async function gcCommand({ io }: CommandContext, flags: Flags): Promise<void> {
  const retention = { keep: flags.keep, olderThanDays: flags.olderThan, now: io.now() };
  const adapters = await registeredAdapters(io);
  await endRemovals(adapters);
  const found = removableAdapters(adapters, retention);
  if (!flags.json) show(io, found);
  const isAgreed = found.length > 0 && (flags.yes || (!flags.json && (await agrees(io, found.length))));
  const removed: RegisteredAdapter[] = [];
  if (isAgreed) {
    const why = `gc: older than the newest ${flags.keep}${flags.olderThan > 0 ? ` and than ${flags.olderThan} days` : ""}`;
    for (const adapter of found) {
      const isRemoved = await removeAdapter(io.cwd, adapter, { by: whoDecides(io.env), why, now: io.now() });
      if (isRemoved) removed.push(adapter);
      else if (!flags.json) io.err.write(`${nameOf(adapter)} stays: it got an alias meanwhile\n`);
    }
  }
  if (flags.json)
    return writeJson(io, {
      ok: true,
      removable: found.map(nameOf),
      removed: removed.map(nameOf),
      bytes: bytesOf(removed),
    });
  if (removed.length > 0)
    io.err.write(`removed the weights of ${removed.length}, ${size(bytesOf(removed))}; their lineage stays\n`);
  else if (found.length > 0) io.err.write("nothing was removed; ft adapters gc --yes removes what is listed\n");
}

function show(io: Io, found: RegisteredAdapter[]): void {
  if (found.length === 0) {
    io.err.write("nothing to remove: all are held by an alias, or are to be kept (--keep, --older-than)\n");
    return;
  }
  io.out.write(adapterTable(found));
  io.err.write(`${found.length} whose weights may go, ${size(bytesOf(found))}; no alias holds them\n`);
}

function bytesOf(adapters: RegisteredAdapter[]): number {
  return adapters.flatMap(({ files }) => files).reduce((sum, { bytes }) => sum + bytes, 0);
}

async function agrees(io: Io, count: number): Promise<boolean> {
  if (!isInteractive(io)) return false;
  const prompt = createInterface({ input: io.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(
      `remove the weights of ${count === 1 ? "this one" : `these ${count}`}? [y/N] `,
    );
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}
