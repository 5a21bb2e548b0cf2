// `ft adapters diff`.
import { diffAdapters } from "../../adapters/diff.js";
import { findAdapter } from "../../adapters/registry.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { adapterDiff } from "../views/adapter-diff.js";
import { nameOf, registeredAdapters } from "./with-adapters.js";

export async function diffCommand(
  { io }: CommandContext,
  a: string,
  b: string,
  flags: { json?: boolean },
): Promise<void> {
  const adapters = await registeredAdapters(io);
  const [left, right] = [findAdapter(adapters, a), findAdapter(adapters, b)];
  const found = diffAdapters(io.cwd, left, right);
  const names = { a: nameOf(left), b: nameOf(right) };
  if (flags.json) return writeJson(io, { ok: true, ...names, ...found });
  io.out.write(adapterDiff(found, names));
}
