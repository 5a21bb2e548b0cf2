// The tests' own Slurm is what they take it for: GPUs that it hands out, several nodes, a controller that comes and goes under a running job.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../fake-run.js";
import { emptyFolder } from "../project.js";
import { type Slurm, startSlurm } from "./slurm.js";

let slurm: Slurm | null;
let other: Slurm | null;
beforeAll(async () => {
  [slurm, other] = await Promise.all([startSlurm(), startSlurm()]);
}, 300_000);
afterAll(async () => await Promise.all([slurm?.stop(), other?.stop()]), 60_000);

async function submit(script: string, ...args: string[]) {
  const log = join(emptyFolder(), "log");
  const { stdout } = await execa("sbatch", ["--parsable", "-o", log, "--open-mode=append", ...args], {
    env: slurm!.env,
    input: `#!/bin/sh\n${script}\n`,
  });
  return { id: stdout.trim(), text: () => (existsSync(log) ? readFileSync(log, "utf8") : "") };
}

const state = async (id: string) =>
  (await execa("squeue", ["-h", "-t", "all", "-j", id, "-o", "%T"], { env: slurm!.env, reject: false })).stdout;

describe("startSlurm", () => {
  it("hands out GPUs, each to one job, and two of them run beside each other on one machine", async (test) => {
    if (!slurm || !other) return test.skip();
    const whole = await submit("echo $CUDA_VISIBLE_DEVICES; sleep 60", "--gres=gpu:2", "--nodelist=n1");
    const half = await submit("echo $CUDA_VISIBLE_DEVICES; sleep 60", "--gres=gpu:1", "--nodelist=n1");
    await until(async () => (await state(whole.id)) === "RUNNING" && whole.text() !== "");
    expect([whole.text(), await state(half.id)]).toEqual(["0,1\n", "PENDING"]);
    await execa("scancel", [whole.id], { env: slurm.env });
    await until(async () => (await state(half.id)) === "RUNNING");
    await execa("scancel", [half.id], { env: slurm.env });
    expect((await execa("squeue", ["-h"], { env: other.env })).stdout).toBe("");
  });

  it("runs one process on each of several nodes", async (test) => {
    if (!slurm) return test.skip();
    const { id, text } = await submit("srun sh -c 'echo $SLURM_NODEID $SLURMD_NODENAME'", "-N", "2");
    await until(async () => (await state(id)) === "COMPLETED");
    expect(text().trim().split("\n").sort()).toEqual(["0 n1", "1 n2"]);
  });

  it("keeps a job while its daemons restart, and starts a requeued one again", async (test) => {
    if (!slurm) return test.skip();
    const { id, text } = await submit("echo start $SLURM_RESTART_COUNT; sleep 60");
    await until(async () => (await state(id)) === "RUNNING" && text() !== "");
    await slurm.stopController();
    const { stderr } = await execa("squeue", [], { env: slurm.env, reject: false });
    expect(stderr).toMatch(/Unable to contact slurm controller/);
    await slurm.startController();
    await slurm.restart();
    expect(await state(id)).toBe("RUNNING");
    await execa("scontrol", ["requeue", id], { env: slurm.env });
    await slurm.releaseRequeued(id);
    await until(() => text().includes("start 1"));
  });
});
