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
