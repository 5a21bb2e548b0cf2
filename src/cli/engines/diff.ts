// `ft engines diff`.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { diffTables } from "../../engines/diff-keys.js";
import { type EngineVersion, findTable } from "../../engines/find-table.js";
import { keyTable } from "../../engines/key-table.js";
import { FtError } from "../../errors.js";
import { engineUpgrade } from "../../pipeline/engine-upgrade.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { changesText, upgradeText } from "../views/engine-changes.js";

export async function diffCommand(
  { io }: CommandContext,
  asked: { from: string; to: string; recipe: string | undefined },
  flags: { json?: boolean },
): Promise<void> {
  const versions = [findTable(asked.from), findTable(asked.to)] as const;
  const [from, to] = versions;
  refuseOtherEngine(from, to);
  const file = asked.recipe ?? (existsSync(resolve(io.cwd, "ft.yaml")) ? "ft.yaml" : null);
  const upgrade = file === null ? null : await engineUpgrade(file, versions, io);
  const changes = diffTables(keyTable(from.name, from.version), keyTable(to.name, to.version));
  if (flags.json) {
    const recipe = upgrade && { file, ...upgrade };
    return writeJson(io, { ok: true, engine: from.name, from: from.version, to: to.version, recipe, changes });
  }
  const width = Math.min(io.out.columns, 140);
  if (upgrade) io.out.write(`${upgradeText(file!, versions, upgrade, width)}\n`);
  io.out.write(changesText(versions, changes, width));
}

function refuseOtherEngine(from: EngineVersion, to: EngineVersion): void {
  if (from.name === to.name) return;
  throw new FtError({
    code: "engine.not-comparable",
    exit: "usage",
    message: `${from.name} and ${to.name} are two engines, not two versions of one`,
    next: "name two versions of one engine; `ft render --engine <name>` shows what each makes of a recipe",
  });
}
