// What a target asks for is what Slurm gets: real sbatch, read back from the controller.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { slurmLauncher } from "../../src/launchers/slurm/index.js";
import { ftCacheDir } from "../../src/paths.js";
import { targetSchema } from "../../src/recipes/schema/targets.js";
import { fakeRun } from "../fake-run.js";
import { type Slurm, startSlurm } from "../services/slurm.js";

let slurm: Slurm | null;
beforeAll(async () => {
  slurm = await startSlurm({ killWait: 5 });
  Object.assign(process.env, slurm?.env);
}, 300_000);
afterAll(() => slurm?.stop(), 60_000);

let count = 0;
function runOn(settings: object) {
  const target = { name: "cluster", settings: targetSchema.parse({ launcher: "slurm", ...settings }) };
  return { ...fakeRun("hang", { id: `20260101-120000-b${count++}`, target }), target: target.settings };
}

describe("a slurm target", { timeout: 120_000 }, () => {
  it("asks for what it says, and a job that waits says why until it is cancelled", async ({ skip }) => {
    if (!slurm) return skip();
    const { submission } = runOn({
      ...{ partition: "main", gres: "gpu:2", cpus: 4, memory: "2G", time: "1-12", exclude: "n2", account: "lab" },
      ...{ signal_seconds: 600, requeue: false, extra: ["--hold", "--nice=7", "--licenses="] },
    });
    const handle = await slurmLauncher.submit({ ...submission, secrets: { HF_TOKEN: "hf_waits" } });
    const secrets = join(ftCacheDir(process.env), "secrets/20260101-120000-b0-1.json");
    expect(existsSync(secrets)).toBe(true);
    const { stdout } = await execa("scontrol", ["show", "job", "-o"]);
    const asked = [
      ...["JobName=ft-20260101-120000-b0-1", "Account=lab", "Partition=main", "Requeue=0", "TimeLimit=1-12:00:00"],
      ...["ExcNodeList=n2", "CPUs/Task=4", "MinMemoryNode=2G", "TresPerNode=gres:gpu:2", "Nice=7"],
      ...["JobState=PENDING", "Reason=JobHeldUser", `WorkDir=${submission.dir}`, `StdOut=${submission.dir}/stdout.log`],
    ];
    for (const word of asked) expect(stdout).toContain(word);
    const { liveness, reason } = await slurmLauncher.observe(handle, { inode: 0, offset: 0 });
    expect([liveness, reason]).toEqual(["queued", expect.stringMatching(/Slurm job \d+: PENDING \(JobHeldUser\)/)]);
    await slurmLauncher.cancel(handle, 60_000);
    expect((await slurmLauncher.observe(handle, { inode: 0, offset: 0 })).liveness).toBe("ended");
    expect(existsSync(secrets)).toBe(false);
  });

  it("that Slurm does not know is refused in its words, and a probe says so before", async ({ skip }) => {
    if (!slurm) return skip();
    const { submission, target } = runOn({ partition: "nowhere" });
    const refusal = { code: "launcher.refused", exit: "refused", why: expect.stringContaining("nvalid partition") };
    await expect(slurmLauncher.submit(submission)).rejects.toMatchObject(refusal);
    const { checks } = await slurmLauncher.probe(target);
    const words = expect.stringContaining("nvalid partition");
    expect(checks.find(({ name }) => name === "job")).toMatchObject({ status: "missing", detail: words });
  });

  it("whose controller is down is unknown, and not over; a submission says that nobody answers", async ({ skip }) => {
    if (!slurm) return skip();
    const { submission } = runOn({});
    const handle = await slurmLauncher.submit(submission);
    await slurm.stopController();
    await new Promise((resolve) => setTimeout(resolve, 2_500)); // an answer holds for two seconds
    const { liveness, reason } = await slurmLauncher.observe(handle, { inode: 0, offset: 0 });
    expect([liveness, reason]).toEqual(["unknown", expect.stringMatching(/unable to contact slurm controller/i)]);
    await expect(slurmLauncher.submit(runOn({}).submission)).rejects.toMatchObject({ code: "launcher.unreachable" });
    await slurm.startController();
    expect(["running", "queued"]).toContain((await slurmLauncher.observe(handle, { inode: 0, offset: 0 })).liveness);
    await slurmLauncher.cancel(handle, 0);
  });
});
