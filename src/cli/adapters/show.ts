// `ft adapters show`.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { aliasHistory } from "../../adapters/aliases.js";
import { readLineage } from "../../adapters/lineage.js";
import { baseFolder } from "../../adapters/project-adapters.js";
import { readOrigin } from "../../adapters/pulled.js";
import { signatureFile } from "../../adapters/sign.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { adapterDetails, aliasMoves, loadingHint } from "../views/adapters.js";
import { comparisonTable } from "../views/comparison-table.js";
import { registeredAdapter } from "./with-adapters.js";

export async function showCommand({ io }: CommandContext, reference: string, flags: { json?: boolean }): Promise<void> {
  const adapter = await registeredAdapter(io, reference);
  const history = aliasHistory(io.cwd, adapter.name);
  const more = {
    sources: readLineage(adapter.dir)?.sources ?? null,
    origin: readOrigin(adapter.dir),
    isSigned: existsSync(join(adapter.dir, signatureFile)),
  };
  if (flags.json) return writeJson(io, { ok: true, adapter: { ...adapter, ...more }, history });
  const comparison = adapter.comparison ? comparisonTable(adapter.comparison) : "  not evaluated: ft eval\n";
  const hint = loadingHint(adapter, baseFolder(io.cwd, adapter, io.env) ?? adapter.base.id);
  const parts = [adapterDetails(adapter, more), aliasMoves(adapter.name, history), comparison];
  io.out.write([...parts.filter((part) => part !== ""), ...(adapter.removed ? [] : [hint])].join("\n"));
}
