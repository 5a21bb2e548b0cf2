// `npm run bench`: each figure side by side with its peer, in one run, as a ratio of medians. The last line of stdout is JSON.

import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { benchColdStart } from "./cold-start.mjs";
import { benchDataCheck, dataCheckText } from "./data-check.mjs";
import { benchDockerStart } from "./docker-start.mjs";
import { benchEvalCompare, evalCompareText } from "./eval-compare.mjs";
import { benchFirstStep } from "./first-step.mjs";
import { benchGateSimulation } from "./gate-simulation.mjs";
import { benchMemoryPoints } from "./memory-points.mjs";
import { benchRender } from "./render.mjs";
import { benchSshStart } from "./ssh-start.mjs";
import { benchThroughput } from "./throughput.mjs";
import { benchTokens } from "./tokens.mjs";

const only = process.argv[2];
const benches = {
  "cold-start": benchColdStart,
  "docker-start": benchDockerStart,
  "ssh-start": benchSshStart,
  "first-step": benchFirstStep,
  render: benchRender,
  tokens: benchTokens,
};
const rows = [];
for (const [name, bench] of Object.entries(benches)) {
  if (only && only !== name) continue;
  rows.push(...(await bench()));
}
for (const row of rows) {
  console.log(
    `${row.name.padEnd(38)} ${row.ratio.toFixed(2)}x of ${row.peer}  (goal <= ${row.goal}x; ${row.medianMs.toFixed(0)} ms against ${row.peerMedianMs.toFixed(0)} ms, spread ${row.minMs.toFixed(0)}-${row.maxMs.toFixed(0)}, n=${row.n})`,
  );
}
const dataCheck = !only || only === "data-check" ? await benchDataCheck() : undefined;
if (dataCheck) console.log(dataCheckText(dataCheck));
const evalCompare = !only || only === "eval-compare" ? await benchEvalCompare() : undefined;
if (evalCompare) console.log(evalCompareText(evalCompare));
const memory = !only || only === "memory-points" ? benchMemoryPoints() : undefined;
const throughput = !only || only === "throughput" ? benchThroughput() : undefined;
const gateSimulation = !only || only === "gate-simulation" ? benchGateSimulation() : undefined;
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
console.log(
  JSON.stringify({
    commit,
    machine: `${cpus().length} x ${cpus()[0]?.model}`,
    node: process.version,
    rows,
    dataCheck,
    evalCompare,
    memory,
    throughput,
    gateSimulation,
  }),
);
