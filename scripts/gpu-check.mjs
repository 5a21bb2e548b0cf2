// Real trainings on the GPU of this machine, through the built ft: `npm run build && node scripts/gpu-check.mjs [engine/method ...]`.
// Each case: a probe (measured peaks beside the estimate's), a run that is cancelled in the middle, and its resume to a registered adapter.
// On a model of under a million random parameters, made here; the engines' environments must be there (`ft env create`). A line of JSON a case.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";

const root = new URL("..", import.meta.url).pathname;
const steps = 100;
const stopAfter = 20;

const asked = process.argv.slice(2);
const cases = asked.length > 0 ? asked : ["trl/qlora", "trl/lora", "trl/full", "unsloth/qlora", "unsloth/lora"];
const base = mkdtempSync(join(tmpdir(), "ft-gpu-check-"));
try {
  const { python } = (await ft(base, "env", "create", cases[0].split("/")[0])).environment;
  await execa(python, [join(root, "trainer/tests/make_tiny_model.py"), join(base, "tiny")]);
  for (const name of cases) {
    const result = await tryCase(name).catch((error) => ({ failed: error.message }));
    if (result.failed !== undefined) process.exitCode = 1;
    console.log(JSON.stringify({ case: name, ...result }));
  }
} finally {
  rmSync(base, { recursive: true, force: true });
}

async function tryCase(name) {
  const [engine, method] = name.split("/");
  const project = writeProject(join(base, name.replace("/", "-")), engine, method);
  const { probe } = await ft(project, "plan", "--probe");
  const { run } = await ft(project, "run", "--detach");
  const read = () => readEvents(run.dir);
  for (let seen = []; !seen.some(({ kind, step }) => kind === "metric" && step >= stopAfter); seen = read()) {
    const end = seen.find(({ kind }) => kind === "end");
    if (end) throw new Error(`it ended (${end.status}) before step ${stopAfter}: ${lastError(seen)}`);
    await sleep(50);
  }
  await ft(project, "runs", "cancel", run.id);
  const stopped = read();
  await ft(project, "runs", "resume", run.id);
  const resumed = read().slice(stopped.length);
  const first = (events, kind) => events.find((event) => event.kind === kind);
  const last = (events, kind) => events.findLast((event) => event.kind === kind);
  const saved = last(stopped, "checkpoint")?.step;
  const went = first(resumed, "metric")?.step;
  const values = Object.assign({}, ...resumed.filter(({ kind }) => kind === "system").map((event) => event.values));
  const losses = [...stopped, ...resumed].filter(({ values }) => values?.loss !== undefined);
  const problems = [
    last(stopped, "end")?.exitCode !== 33 &&
      `the cancelled attempt ended with ${last(stopped, "end")?.exitCode}, not 33`,
    went !== saved + 1 && `saved at step ${saved}, resumed with step ${went}`,
    !existsSync(join(run.dir, "COMPLETE")) && "there is no COMPLETE",
    !(losses.at(-1)?.values.loss < losses[0]?.values.loss) && "the loss did not fall",
  ].filter(Boolean);
  return {
    ...(problems.length > 0 ? { failed: problems.join("; ") } : {}),
    device: JSON.parse(readFileSync(join(run.dir, "lock.json"), "utf8")).device.kind,
    stoppedAt: saved,
    resumedWith: went,
    loss: [losses[0]?.values.loss, losses.at(-1)?.values.loss],
    memory: probe.memory.map(({ kind, measured, said }) => ({ kind, measured, said })),
    peaks: Object.fromEntries(Object.entries(values).filter(([key]) => /peak|gpu0/.test(key))),
    warnings: [...stopped, ...resumed].filter(({ kind }) => kind === "warning").map(({ message }) => message),
  };
}

function writeProject(project, engine, method) {
  mkdirSync(project);
  writeFileSync(join(project, "train.jsonl"), rows(0, 64));
  writeFileSync(join(project, "eval.jsonl"), rows(64, 8));
  writeFileSync(
    join(project, "ft.yaml"),
    `name: gpu-check
model: { base: ../tiny }
engine: ${engine}
method: ${method}
data: { train: train.jsonl, eval: eval.jsonl, max_length: 256 }
train: { max_steps: ${steps}, batch_size: 8, micro_batch: 4, learning_rate: 1.0e-2, save_every: ${steps / 2}, log_every: 1 }
eval: { max_new_tokens: 8 }
`,
  );
  return project;
}

function rows(from, count) {
  return Array.from({ length: count }, (_, index) => {
    const colour = ["red", "blue", "green"][(from + index) % 3];
    const messages = [
      { role: "user", content: `ticket ${from + index}: the ${colour} lamp is broken` },
      { role: "assistant", content: `{"colour":"${colour}"}` },
    ];
    return `${JSON.stringify({ messages })}\n`;
  }).join("");
}

/** What a command of ft prints as JSON. */
async function ft(cwd, ...args) {
  const options = { cwd, reject: false, stdin: "ignore" };
  const { stdout, stderr, failed } = await execa(
    process.execPath,
    [join(root, "dist/cli/main.js"), ...args, "--json"],
    options,
  );
  if (failed) throw new Error(`ft ${args.join(" ")}: ${stderr.slice(-2000)}${stdout.slice(-2000)}`);
  return JSON.parse(stdout);
}

function readEvents(dir) {
  const text = readFileSync(join(dir, "events.jsonl"), "utf8");
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

function lastError(events) {
  const error = events.findLast(({ kind }) => kind === "error");
  return error ? `${error.class}: ${error.message}` : "it says no error";
}
