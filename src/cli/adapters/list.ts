// `ft adapters ls`.
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { registeredAdapters } from "./with-adapters.js";

interface Flags {
  all?: boolean;
  json?: boolean;
}

export async function listCommand({ io }: CommandContext, line: string | undefined, flags: Flags): Promise<void> {
  const all = (await registeredAdapters(io)).filter(({ name }) => line === undefined || name === line);
  const adapters = all.filter(({ removed }) => flags.all || removed === null);
  if (flags.json) return writeJson(io, { ok: true, adapters });
  if (all.length === 0) {
    io.err.write(line ? `no adapters of a line ${line}\n` : "no adapters yet; train one: ft run\n");
    return;
  }
  const { adapterTable } = await import("../views/adapters.js");
  io.out.write(adapterTable(adapters));
  const hidden = all.length - adapters.length;
  if (hidden > 0) io.err.write(`${hidden} more whose weights were removed: ft adapters ls --all\n`);
}
