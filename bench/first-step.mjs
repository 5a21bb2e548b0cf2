// From command to first optimizer step: `ft run` against the bare `trl sft` on the very config, data and model that ft rendered.
// Environment and model are already there. A 0.8M-parameter model, so that what is timed is start-up, not training.
import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { comparePairs } from "./measure.mjs";

const root = new URL("..", import.meta.url).pathname;
const ft = join(root, "dist/cli/main.js");

export async function benchFirstStep() {
  const { environment } = JSON.parse((await execa(process.execPath, [ft, "env", "create", "trl", "--json"])).stdout);
  const base = mkdtempSync(join(tmpdir(), "ft-bench-"));
  try {
    const model = join(base, "tiny");
    await execa(environment.python, [join(root, "trainer/tests/make_tiny_model.py"), model]);
    const project = writeProject(base, model);
    const job = await renderedJob(project);
    const peer = { name: "trl sft", run: () => bareFirstStep(job, join(dirname(environment.python), "trl")) };
    return [await comparePairs("ft run, command to first step", 1.1, 3, { run: () => ftFirstStep(project) }, peer)];
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

function writeProject(base, model) {
  const project = join(base, "project");
  mkdirSync(project);
  const rows = Array.from({ length: 64 }, (_, i) =>
    JSON.stringify({
      messages: [
        { role: "user", content: `question ${i}` },
        { role: "assistant", content: `answer ${i * 3}` },
      ],
    }),
  );
  writeFileSync(join(project, "train.jsonl"), `${rows.join("\n")}\n`);
  writeFileSync(
    join(project, "ft.yaml"),
    `name: bench\nmodel: { base: ${model} }\nmethod: lora\ndata: { train: train.jsonl }\ntrain: { max_steps: 20, batch_size: 4 }\n`,
  );
  return project;
}

/** One whole ft run leaves the job folder that the peer trains from. */
async function renderedJob(project) {
  await execa(process.execPath, [ft, "run", "--json"], { cwd: project });
  const runs = join(project, ".ft/runs");
  return join(
    runs,
    readdirSync(runs).find((name) => !name.startsWith(".")),
  );
}

async function ftFirstStep(project) {
  const runs = join(project, ".ft/runs");
  const before = new Set(readdirSync(runs));
  const start = Date.now();
  const child = execa(process.execPath, [ft, "run", "--force", "--json"], { cwd: project, reject: false });
  const event = await firstResult(() => {
    const id = readdirSync(runs).find((name) => !before.has(name) && !name.startsWith("."));
    const file = id && join(runs, id, "events.jsonl");
    if (!file || !existsSync(file)) return undefined;
    const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line)).find((line) => line.kind === "metric" && "loss" in line.values);
  });
  await child;
  return event.t - start;
}

/** The same files in a folder of their own; the first logged loss on stdout ends the clock. */
async function bareFirstStep(job, trl) {
  const dir = mkdtempSync(join(tmpdir(), "ft-bench-bare-"));
  for (const part of ["config", "data"]) cpSync(join(job, part), join(dir, part), { recursive: true });
  cpSync(readlinkSync(join(job, "model")), join(dir, "model"), { recursive: true });
  const start = Date.now();
  const child = spawn(trl, ["sft", "--config", "config/trl.yaml"], {
    cwd: dir,
    env: { ...process.env, PYTHONUNBUFFERED: "1", PATH: `${dirname(trl)}:${process.env.PATH}` },
    detached: true,
  });
  const elapsed = await new Promise((resolve, reject) => {
    let seen = "";
    const look = (chunk) => {
      seen += chunk;
      if (/'loss':/.test(seen)) resolve(Date.now() - start);
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    child.on("exit", (code) =>
      reject(new Error(`trl sft ended with ${code} before its first step:\n${seen.slice(-2000)}`)),
    );
  });
  process.kill(-child.pid, "SIGKILL");
  rmSync(dir, { recursive: true, force: true });
  return elapsed;
}

async function firstResult(look) {
  for (let i = 0; i < 6000; i++) {
    const found = look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("no first step within two minutes");
}
