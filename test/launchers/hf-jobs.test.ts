// The launcher of Hugging Face Jobs against the contract of all launchers, over a Hub in small to which the real clients speak.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Launcher } from "../../src/launchers/contract.js";
import { hfJobsLauncher } from "../../src/launchers/hf-jobs/index.js";
import { hfJobsTargetSchema } from "../../src/recipes/schema/targets/hf-jobs.js";
import { targetSchema } from "../../src/recipes/schema/targets.js";
import { fakeRun, until } from "../fake-run.js";
import { requiredEnv } from "../project.js";
import { type FakeHubJobs, startFakeHubJobs } from "../services/fake-hub-jobs.js";
import { conformance } from "./conformance.js";
import { livingTrainers } from "./processes.js";

const target = hfJobsTargetSchema.parse({ launcher: "hf-jobs", namespace: "me", flavor: "cpu-basic" });
let started: Promise<FakeHubJobs> | undefined;

function hub(): Promise<FakeHubJobs> {
  started ??= startFakeHubJobs(requiredEnv("FT_TEST_PYTHON")).then((made) => {
    process.env.HF_ENDPOINT = made.url;
    process.env.HF_TOKEN = "hf_conformance0123456789";
    return made;
  });
  return started;
}

afterAll(async () => (await started)?.close());

conformance("hf-jobs", async () => {
  const { jobs } = await hub();
  return {
    launcher: hfJobsLauncher as Launcher<unknown>,
    target: targetSchema.parse(target),
    killTrainer: async (run, handle) => {
      const { folder } = jobs.get((handle as { job: string }).job)!;
      const file = join(folder, "ft-jobs", run.id, "supervisor.json");
      process.kill((JSON.parse(readFileSync(file, "utf8")) as { pid: number }).pid, "SIGKILL");
    },
    trainers: livingTrainers,
  };
});

it("a job always has a timeout, its labels, and secrets as secrets alone", { timeout: 120_000 }, async () => {
  const { jobs } = await hub();
  const run = fakeRun("losses 1 0", { id: "20260101-120000-spec", target: { name: "hub", settings: target } });
  const labels: string[] = [];
  const onProgress = ({ label }: { label: string }) => void labels.push(label);
  const handle = await hfJobsLauncher.submit({
    ...run.submission,
    secrets: { WANDB_API_KEY: "wandb-secret" },
    onProgress,
  });
  const { body } = jobs.get(handle.job)!;
  expect(body).toMatchObject({
    timeoutSeconds: 86_400,
    flavor: "cpu-basic",
    labels: { "ft-run": run.id, "ft-attempt": "1" },
  });
  expect(Object.keys(body.secrets).sort()).toEqual(["HF_TOKEN", "WANDB_API_KEY"]);
  expect(JSON.stringify([body.command, body.environment])).not.toMatch(/wandb-secret|hf_conformance/);
  expect(labels.at(-1)).toContain("the Hub ends it after 24.0 h");
  await hfJobsLauncher.cancel(handle, 0);
});

it("a Hub that does not answer is no news of the run", { timeout: 120_000 }, async () => {
  const { behaviour } = await hub();
  const run = fakeRun("hang", { id: "20260101-120000-down", target: { name: "hub", settings: target } });
  const handle = await hfJobsLauncher.submit(run.submission);
  const look = async () => hfJobsLauncher.observe(handle, { inode: 0, offset: 0 });
  await until(async () => (await look()).liveness === "running");
  behaviour.isDown = true;
  expect(await look()).toMatchObject({ liveness: "unknown" });
  behaviour.isDown = false;
  expect((await look()).liveness).toBe("running");
  await hfJobsLauncher.cancel(handle, 0);
});

it("a log that cannot be had hides nothing of how the job stands, and only its newest lines are asked for", {
  timeout: 120_000,
}, async () => {
  const { behaviour, jobs } = await hub();
  const run = fakeRun("hang", { id: "20260101-120000-nologs", target: { name: "hub", settings: target } });
  const handle = await hfJobsLauncher.submit(run.submission);
  const look = async () => hfJobsLauncher.observe(handle, { inode: 0, offset: 0 });
  behaviour.hasNoLogs = true;
  expect(await look()).toMatchObject({ liveness: "running" });
  behaviour.hasNoLogs = false;
  const { log } = jobs.get(handle.job)!;
  for (let line = 0; line < 30_000; line++) log.push(`noise ${line}\n`);
  await look();
  const kept = readFileSync(join(run.dir, "stdout.log"), "utf8");
  expect([kept.includes("noise 29999"), kept.includes("noise 5000\n")]).toEqual([true, false]);
  await hfJobsLauncher.cancel(handle, 0);
});

it("a job that waits for its hardware is queued, without a wait for its log; where no mark can be put it is ended all the same", {
  timeout: 120_000,
}, async () => {
  const { behaviour } = await hub();
  const settings = { name: "hub", settings: target };
  behaviour.isBusy = true;
  const waiting = await hfJobsLauncher.submit(
    fakeRun("hang", { id: "20260101-120000-busy", target: settings }).submission,
  );
  behaviour.isBusy = false;
  const look = async (handle: typeof waiting) => hfJobsLauncher.observe(handle, { inode: 0, offset: 0 });
  expect(await look(waiting)).toMatchObject({ liveness: "queued", reason: "SCHEDULING" });
  await hfJobsLauncher.cancel(waiting, 600_000);
  expect(await look(waiting)).toMatchObject({ liveness: "ended", ending: { hint: "someone ended it on the Hub" } });
  const running = await hfJobsLauncher.submit(
    fakeRun("hang", { id: "20260101-120000-readonly", target: settings }).submission,
  );
  behaviour.isReadOnly = true;
  await hfJobsLauncher.cancel(running, 600_000);
  behaviour.isReadOnly = false;
  expect((await look(running)).liveness).toBe("ended");
});
