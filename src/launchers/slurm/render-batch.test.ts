// What a person's settings become in the batch script and on sbatch's command line.
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../paths.js";
import { slurmTargetSchema } from "../../recipes/schema/targets/slurm.js";
import { type BatchJob, renderArray, renderBatch, sbatchArgs, taskUpdate } from "./render-batch.js";

const job: BatchJob = {
  name: "ft-20260101-120000-test-1",
  dir: "/scratch/me/it's here/runs/20260101-120000-test",
  python: "/home/me/envs/trl/bin/python",
  args: ["--attempt", "1", "--platform-restarts", "--secrets", "/home/me/ft-jobs/secrets/20260101-120000-test-1.json"],
  env: { NCCL_DEBUG: "INFO", GREETING: "it's $HOME" },
  reads: ["/home/me/bases/tiny", "/home/me/ft-jobs/secrets"],
  gpus: 4,
};

const scenarios: Record<string, object> = {
  smallest: {},
  everything: {
    ...{
      partition: "gpu",
      account: "lab-42",
      qos: "high",
      gres: "gpu:a100:2",
      cpus: 16,
      memory: "64G",
      time: "1-12:00:00",
    },
    ...{ constraint: "a100&ib", exclude: "n[1-3],n7", reservation: "course", signal_seconds: 600 },
    ...{ modules: ["cuda/12.4", "python"], extra: ["--mail-type=END", "--nice", "--licenses=a:1 #b"] },
  },
  "two-nodes": { nodes: 2, cpus: 8 },
  "two-nodes-pyxis": { nodes: 2, container: { kind: "pyxis", image: "/images/trl.sqsh" } },
  "not-requeued": { requeue: false },
  apptainer: {
    container: { kind: "apptainer", image: "/images/trl.sif", mounts: ["/data:ro", "/cache:/root/.cache"] },
  },
  enroot: { container: { kind: "enroot", image: "/images/trl.sqsh" } },
  pyxis: { container: { kind: "pyxis", image: "registry#ft/trl:1.16", python: "/opt/venv/bin/python" } },
};

describe("renderBatch", () => {
  it.each(Object.keys(scenarios))("%s", async (scenario) => {
    const target = slurmTargetSchema.parse({ launcher: "slurm", ...scenarios[scenario] });
    const file = join(packageRoot, "src/launchers/slurm/expected", `${scenario}.sh`);
    await expect(renderBatch(job, target)).toMatchFileSnapshot(file);
  });
});

describe("renderArray", () => {
  it("asks for what each run asks for, and runs the script of the folder that a task was put in", () => {
    const target = slurmTargetSchema.parse({ launcher: "slurm", partition: "gpu", modules: ["cuda/12.4"] });
    expect(renderArray(job, target)).toBe(`#!/bin/bash
#SBATCH --partition=gpu
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=4
[ -e slurm.sh ] || exit 0
exec bash -l slurm.sh
`);
  });

  it("a task's log may lie in a folder with a percent sign", () => {
    const update = taskUpdate("7_0", { name: "ft-x-1", dir: "/data/100%/x" });
    expect(update).toContain("StdOut=/data/100%%/x/stdout.log");
  });
});

describe("sbatchArgs", () => {
  it("keeps the environment out of Slurm's spool, whatever SBATCH_EXPORT says", () => {
    expect(sbatchArgs(job, slurmTargetSchema.parse({ launcher: "slurm" }))).toContain("--export=NONE");
  });
});

describe("a slurm target", () => {
  it.each([
    ["an option that ft sets", { extra: ["--export=ALL"] }],
    ["a second line", { extra: ["--nice\n#SBATCH --export=ALL"] }],
    ["a quote", { partition: 'gpu" --export=ALL' }],
    ["a command", { constraint: "$(id)" }],
    ["a mount of another's making", { container: { kind: "apptainer", image: "a.sif", mounts: ["/a,/b"] } }],
    ["a misspelt key", { partion: "gpu" }],
    ["a time that is over before a checkpoint is saved", { time: "5:00" }],
    ["a signal as early as its start", { time: "0-1", signal_seconds: 3_600 }],
  ])("with %s is refused", (_, settings) => {
    expect(slurmTargetSchema.safeParse({ launcher: "slurm", ...settings }).success).toBe(false);
  });

  it.each(["6", "5:01", "0:06:00", "0-1", "0"])("may have a time of %s", (time) => {
    expect(slurmTargetSchema.safeParse({ launcher: "slurm", time }).success).toBe(true);
  });
});
