// `ft adapters export-card|bom`: what goes along with an adapter, as text on stdout or in a file.
import { resolve } from "node:path";
import { billOfMaterials } from "../../adapters/bom.js";
import { readLineage } from "../../adapters/lineage.js";
import { modelCard } from "../../adapters/model-card.js";
import { ftVersion } from "../../pipeline/lock-entry.js";
import { suiteScores } from "../../pipeline/suites/suite-scores.js";
import { refuseReports } from "../data/report-file.js";
import type { Io } from "../io.js";
import type { CommandContext } from "../program.js";
import { writeOutput } from "../write-output.js";
import { registeredAdapter } from "./with-adapters.js";

export async function cardCommand(
  { io }: CommandContext,
  reference: string,
  flags: { repo?: string; out?: string },
): Promise<void> {
  const adapter = await registeredAdapter(io, reference);
  const scores = await suiteScores(io.cwd, adapter);
  await write(
    io,
    "card",
    modelCard({ ...readLineage(adapter.dir), ...adapter }, flags.repo ?? null, scores),
    flags.out,
  );
}

export async function bomCommand({ io }: CommandContext, reference: string, flags: { out?: string }): Promise<void> {
  const adapter = await registeredAdapter(io, reference);
  await write(io, "bom", billOfMaterials({ ...readLineage(adapter.dir), ...adapter }, ftVersion()), flags.out);
}

async function write(io: Io, kind: "card" | "bom", text: string, out: string | undefined): Promise<void> {
  if (out === undefined) {
    io.out.write(text);
    return;
  }
  await refuseReports(io, [{ kind, flag: "--out", file: out }], []);
  await writeOutput(io, "--out", out, text);
  io.err.write(`wrote ${resolve(io.cwd, out)}\n`);
}
