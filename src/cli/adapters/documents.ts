// `ft adapters export-card|bom`: what goes along with an adapter, as text on stdout or in a file.
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { billOfMaterials } from "../../adapters/bom.js";
import { readLineage } from "../../adapters/lineage.js";
import { modelCard } from "../../adapters/model-card.js";
import { ftVersion } from "../../pipeline/lock-entry.js";
import { suiteScores } from "../../pipeline/suites/suite-scores.js";
import type { Io } from "../io.js";
import type { CommandContext } from "../program.js";
import { registeredAdapter } from "./with-adapters.js";

export async function cardCommand(
  { io }: CommandContext,
  reference: string,
  flags: { repo?: string; out?: string },
): Promise<void> {
  const adapter = await registeredAdapter(io, reference);
  const scores = await suiteScores(io.cwd, adapter);
  write(io, modelCard({ ...readLineage(adapter.dir), ...adapter }, flags.repo ?? null, scores), flags.out);
}

export async function bomCommand({ io }: CommandContext, reference: string, flags: { out?: string }): Promise<void> {
  const adapter = await registeredAdapter(io, reference);
  write(io, billOfMaterials({ ...readLineage(adapter.dir), ...adapter }, ftVersion()), flags.out);
}

function write(io: Io, text: string, out: string | undefined): void {
  if (out === undefined) {
    io.out.write(text);
    return;
  }
  const file = resolve(io.cwd, out);
  writeFileSync(file, text);
  io.err.write(`wrote ${file}\n`);
}
