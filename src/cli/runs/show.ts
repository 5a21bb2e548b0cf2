// `ft runs show`.
import { join, relative } from "node:path";
import { adapterOfRun } from "../../adapters/registry.js";
import { runsDir } from "../../paths.js";
import { runEnding } from "../../pipeline/run-ending.js";
import { preparingDetail } from "../../runs/ingest.js";
import { type Measurement, measurementOf } from "../../runs/measurement-store.js";
import { type Run, type StateChange, stateChanges } from "../../runs/run-store.js";
import { isResumable } from "../../runs/state.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { duration, lossText, timestamp } from "../views/format.js";
import { withRun } from "./with-runs.js";

export async function showCommand({ io }: CommandContext, asked: string, flags: { json?: boolean }): Promise<void> {
  await withRun(io, asked, (store, run) => {
    const dir = join(runsDir(io.cwd), run.id);
    const history = stateChanges(store, run.id);
    const adapter = adapterOfRun(store, io.cwd, run.id);
    const name = adapter && `${adapter.name}@${adapter.version}`;
    const measurement = measurementOf(store, run.id);
    const detail = preparingDetail(store, run);
    if (flags.json)
      return writeJson(io, { ok: true, run: { ...run, detail, dir, history, adapter: name, measurement } });
    io.out.write(runDetails(run, { folder: relative(io.cwd, dir), detail, history, adapter: name, measurement }));
  });
}

interface Details {
  folder: string;
  detail: string | null;
  history: StateChange[];
  adapter: string | null;
  measurement: Measurement | null;
}

function runDetails(run: Run, more: Details): string {
  const facts: [string, string | null][] = [
    ["run", run.id],
    ["name", run.name],
    ["state", more.detail === null ? run.state : `${run.state}: ${more.detail}`],
    [run.state === "cancelled" ? "why" : "failure", run.failure?.message ?? null],
    ["hint", run.failure?.hint ?? null],
    ["next", isResumable(run.state) ? (runEnding(run).next ?? null) : null],
    ["base", run.base],
    ["engine", `${run.engine.name} ${run.engine.version}`],
    ["on", run.target === run.launcher ? run.target : `${run.target} (${run.launcher})`],
    ["attempt", String(run.attempt)],
    ["step", run.step === null ? null : `${run.step}${run.totalSteps ? ` of ${run.totalSteps}` : ""}`],
    ["loss", run.loss === null ? null : lossText(run.loss)],
    ["adapter", more.adapter],
    ...(more.measurement ? measured(more.measurement) : []),
    ["folder", more.folder],
  ];
  const lines = facts.filter(([, value]) => value !== null).map(([label, value]) => `${label.padEnd(10)}${value}\n`);
  const history = more.history.map(
    ({ at, to, reason }) => `  ${timestamp(at)}  ${to}${reason ? ` (${reason})` : ""}\n`,
  );
  return `${lines.join("")}history\n${history.join("")}`;
}

/** What it took, beside what the plan said before. */
function measured({
  memory,
  tokensPerSecond,
  estimatedTokensPerSecond,
  trainingMs,
  usd,
  estimatedUsd,
}: Measurement): [string, string | null][] {
  const peaks = memory.map(({ kind, said: { low, mid, high }, measured: gib }): [string, string] => [
    kind === "rss" ? "memory" : kind,
    `${gib.toFixed(2)} GiB at the peak; estimated ${mid.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`,
  ]);
  const estimated = estimatedTokensPerSecond === null ? "" : `; estimated ${Math.round(estimatedTokensPerSecond)}`;
  return [
    ...peaks,
    ["speed", tokensPerSecond === null ? null : `${Math.round(tokensPerSecond)} tokens/s${estimated}`],
    ["training", trainingMs === null ? null : duration(trainingMs)],
    ["cost", usd === null ? null : `$${usd.toFixed(2)}; estimated $${(estimatedUsd ?? 0).toFixed(2)}`],
  ];
}
