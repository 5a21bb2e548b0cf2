// `npm run bench [-- name ...]`: each figure side by side with its peer, in one run, as a ratio of medians. The last line of stdout is JSON.

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

const timed = {
  "cold-start": benchColdStart,
  "docker-start": benchDockerStart,
  "ssh-start": benchSshStart,
  "first-step": benchFirstStep,
  render: benchRender,
  tokens: benchTokens,
};
const others = ["data-check", "eval-compare", "memory-points", "throughput", "gate-simulation"];
const names = [...Object.keys(timed), ...others];
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`no such bench: ${unknown.join(", ")}; there are ${names.join(", ")}`);
  process.exit(2);
}
const wanted = (name) => asked.length === 0 || asked.includes(name);

const rows = [];
for (const [name, bench] of Object.entries(timed)) if (wanted(name)) rows.push(...(await bench()));
for (const row of rows) {
  console.log(
    `${row.name.padEnd(38)} ${row.ratio.toFixed(2)}x of ${row.peer}  (goal <= ${row.goal}x; ${row.medianMs.toFixed(0)} ms against ${row.peerMedianMs.toFixed(0)} ms, spread ${row.minMs.toFixed(0)}-${row.maxMs.toFixed(0)}, n=${row.n})`,
  );
}
const dataCheck = wanted("data-check") ? await benchDataCheck() : undefined;
if (dataCheck) console.log(dataCheckText(dataCheck));
const evalCompare = wanted("eval-compare") ? await benchEvalCompare() : undefined;
if (evalCompare) console.log(evalCompareText(evalCompare));
const memory = wanted("memory-points") ? benchMemoryPoints() : undefined;
const throughput = wanted("throughput") ? benchThroughput() : undefined;
const gateSimulation = wanted("gate-simulation") ? benchGateSimulation() : undefined;
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
