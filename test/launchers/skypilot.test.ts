// The SkyPilot launcher against the contract of all launchers, over managed jobs in small (test/fixtures/sky.mjs), and what it does when machines go.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Launcher } from "../../src/launchers/contract.js";
import { skypilotLauncher } from "../../src/launchers/skypilot/index.js";
import { pricesOf } from "../../src/launchers/skypilot/prices.js";
import { packageRoot } from "../../src/paths.js";
import { reconcile } from "../../src/pipeline/reconcile.js";
import { submitAttempt } from "../../src/pipeline/submit.js";
import { pricesThere } from "../../src/pipeline/target-prices.js";
import { skypilotTargetSchema } from "../../src/recipes/schema/targets/skypilot.js";
import { targetSchema } from "../../src/recipes/schema/targets.js";
import { recipeSchema } from "../../src/recipes/schema.js";
import { createRun, getRun, transition } from "../../src/runs/run-store.js";
import { openStore, type Store } from "../../src/store/open.js";
import { fakeRun, until } from "../fake-run.js";
import { emptyFolder, ft, tinyProject } from "../project.js";
import { runFt } from "../run-ft.js";
import { installProgram } from "../services/install-program.js";
import { conformance } from "./conformance.js";
import { livingTrainers } from "./processes.js";

const recipe = recipeSchema.parse({ name: "x", model: { base: "x" }, method: "lora", data: { train: "x.jsonl" } });
const root = emptyFolder();
const target = skypilotTargetSchema.parse({ launcher: "skypilot", bucket: "s3://runs" });
process.env.FT_FAKE_SKY = root;
installProgram("sky", join(packageRoot, "test/fixtures/sky.mjs"));
installProgram("aws", join(packageRoot, "test/fixtures/aws.mjs"));

/** As `sky gpus list -o json` of 0.14.1 prints it (over two rows of a catalogue): null where there is no such offer. */
const offers = `{
  "H100": [
    ${offer("us-east-1", "98.32", "39.5")},
    ${offer("us-west-2", "55.04", "null")}
  ]
}`;
function offer(region: string, price: string, spot: string): string {
  return `{"cloud": "AWS", "instance_type": "p5.48xlarge", "accelerator_name": "H100", "accelerator_count": 8.0, "cpu_count": 192.0, "device_memory": 80.0, "memory": 2048.0, "price": ${price}, "spot_price": ${spot}, "region": "${region}"}`;
}
writeFileSync(join(root, "gpus.json"), offers);

/** The machine that a job is on now. */
function machineOf(handle: unknown): string {
  const { job } = handle as { job: number };
  return (JSON.parse(readFileSync(join(root, "jobs", `${job}.json`), "utf8")) as { machine: string }).machine;
}

conformance("skypilot", async () => ({
  launcher: skypilotLauncher as Launcher<unknown>,
  target: targetSchema.parse(target),
  killTrainer: async (_run, handle) => {
    const { pid } = JSON.parse(readFileSync(join(machineOf(handle), "supervisor.json"), "utf8")) as { pid: number };
    process.kill(pid, "SIGKILL");
  },
  trainers: livingTrainers,
}));

it("a run whose machine is taken away goes on elsewhere, and its events come home once each", {
  timeout: 120_000,
}, async () => {
  const run = fakeRun("hang", { id: "20260101-120000-moves", target: { name: "sky", settings: target } });
  const handle = await skypilotLauncher.submit(run.submission);
  const seen = async () =>
    Buffer.from((await skypilotLauncher.observe(handle, { inode: 0, offset: 0 })).bytes).toString();
  await until(async () => (await seen()).includes("metric"));
  const first = machineOf(handle);
  writeFileSync(join(root, "jobs", `${handle.job}.preempted`), "");
  await until(() => machineOf(handle) !== first && existsSync(join(machineOf(handle), "supervisor.json")));
  await until(
    async () => (await skypilotLauncher.observe(handle, { inode: 0, offset: 0 })).liveness === "running",
    40_000,
  );
  const keys = (await seen())
    .trim()
    .split("\n")
    .map((line) => `${JSON.parse(line).attempt}:${JSON.parse(line).seq}`);
  expect(new Set(keys).size).toBe(keys.length);
  await skypilotLauncher.cancel(handle, 0);
});

it("a SkyPilot that does not answer is no news of the run", async () => {
  const run = fakeRun("losses 1 0", { id: "20260101-120000-quiet", target: { name: "sky", settings: target } });
  mkdirSync(join(root, "down"));
  const handle = { home: run.dir, attempt: 1, job: 1 };
  expect(await skypilotLauncher.observe(handle, { inode: 0, offset: 0 })).toMatchObject({
    liveness: "unknown",
    reason: expect.stringContaining("Failed to connect"),
  });
  await expect(skypilotLauncher.find(run.dir, 1)).rejects.toMatchObject({ code: "launcher.unreachable" });
  const { code, err } = await runFt(["runs", "reap", "--on", "sky"], {
    cwd: emptyFolder(),
    env: configWith({ sky: target }),
  });
  expect([code, err]).toEqual([6, expect.stringContaining("nothing of ft's is left where ft could ask")]);
  rmdirSync(join(root, "down"));
});

it("what a folder left that cannot be read is said, and hides nothing of the others", async () => {
  const run = fakeRun("losses 1 0", { id: "20260101-120000-torn", target: { name: "sky", settings: target } });
  const store = openStore(run.projectDir);
  createRun(store, { ...run.job, createdAt: Date.now() });
  transition(store, run.id, "failed", Date.now());
  store.close();
  writeFileSync(join(run.dir, "job.json"), "{");
  const { code, err } = await runFt(["runs", "reap"], { cwd: run.projectDir, env: configWith({ sky: target }) });
  expect([code, err]).toEqual([
    6,
    expect.stringContaining("note: run 20260101-120000-torn on sky: the run's manifest"),
  ]);
});

it("nor is a controller that SkyPilot does not reach", async () => {
  const run = fakeRun("losses 1 0", { id: "20260101-120000-unreached", target: { name: "sky", settings: target } });
  mkdirSync(join(root, "unreached"));
  const handle = { home: run.dir, attempt: 1, job: 1 };
  expect((await skypilotLauncher.observe(handle, { inode: 0, offset: 0 })).liveness).toBe("unknown");
  rmdirSync(join(root, "unreached"));
});

/** As the pipeline hands a run over. */
function handingOver(
  id: string,
  { settings = target, onProgress = () => {} }: { settings?: typeof target; onProgress?: (store: Store) => void } = {},
) {
  const run = fakeRun("hang", { id, target: { name: "sky", settings } });
  const store = openStore(run.projectDir);
  createRun(store, { ...run.job, createdAt: Date.now() });
  const context = {
    ...run.submission,
    now: Date.now,
    signal: new AbortController().signal,
    onProgress: () => onProgress(store),
  };
  return { run, store, submitted: submitAttempt(store, run.submission, context) };
}

describe("a run that is handed over", { timeout: 120_000 }, () => {
  it("is not lost when SkyPilot's answer is: its job is found, and no second one is started", async () => {
    mkdirSync(join(root, "cut"));
    const { run, store, submitted } = handingOver("20260101-120000-cut");
    await expect(submitted).rejects.toMatchObject({ code: "launcher.unreachable" });
    rmdirSync(join(root, "cut"));
    const { state, handle } = getRun(store, run.id);
    expect([state, handle]).toEqual(["preparing", expect.objectContaining({ attempt: 1 })]);
    await until(async () => (await reconcile(store, run.projectDir, run.id, Date.now())).state === "running");
    await skypilotLauncher.cancel(skypilotLauncher.parseHandle(handle), 0);
    store.close();
  });

  it("is ended when another ft cancelled it meanwhile", async () => {
    const { run, store, submitted } = handingOver("20260101-120000-meanwhile", {
      onProgress: (at) => {
        if (getRun(at, "20260101-120000-meanwhile").state === "preparing")
          transition(at, "20260101-120000-meanwhile", "cancelled", Date.now(), "stopped before it began");
      },
    });
    await submitted;
    const left = await skypilotLauncher.leftovers(targetSchema.parse(target));
    expect(left.filter((one) => one.run === run.id)).toEqual([]);
    expect(getRun(store, run.id).state).toBe("cancelled");
    store.close();
  });
});

it("a run whose machine was in use for as long as it may be has reached its time limit, which is told with the key to raise", {
  timeout: 120_000,
}, async () => {
  const settings = { ...target, max_hours: 3 / 3600 };
  const { run, store, submitted } = handingOver("20260101-120000-late", { settings });
  await submitted;
  await until(async () => (await reconcile(store, run.projectDir, run.id, Date.now())).state === "failed", 60_000);
  expect(getRun(store, run.id).failure).toMatchObject({
    class: "time-limit",
    message: expect.stringMatching(/^the time limit of sky was reached: FAILED: /),
    hint: expect.stringMatching(/raise max_hours of sky, then `ft runs resume/),
  });
  store.close();
});

it("where the bucket's own program is missing, a run is ended and goes on all the same, and what is not here is said", {
  timeout: 120_000,
}, async () => {
  const { run, store, submitted } = handingOver("20260101-120000-noaws");
  await submitted;
  await until(async () => (await reconcile(store, run.projectDir, run.id, Date.now())).state === "running", 40_000);
  store.close();
  const without = process.env.PATH!.split(delimiter).filter((dir) => !existsSync(join(dir, "aws")));
  const env = { PATH: without.join(delimiter), FT_FAKE_SKY: root, XDG_CONFIG_HOME: emptyFolder() };
  const cancelled = await ft(["runs", "cancel", run.id], run.projectDir, env);
  expect([cancelled.exitCode, cancelled.stdout]).toEqual([0, expect.stringContaining("cancelled")]);
  expect(cancelled.stderr).toMatch(/note: .*not all that it made on sky is here yet.*no `aws`/);
  const resumed = await ft(["runs", "resume", run.id, "--detach"], run.projectDir, env);
  expect([resumed.exitCode, resumed.stderr]).toEqual([
    0,
    expect.stringMatching(/no `aws`.*goes on from the newest checkpoint that sky has/),
  ]);
  expect((await ft(["runs", "cancel", run.id, "--grace", "0"], run.projectDir, env)).exitCode).toBe(0);
});

it("a run that never had a machine has nothing in a bucket of Google, which is no failure to bring it home", async () => {
  const bin = emptyFolder();
  const words = "ERROR: (gcloud.storage.rsync) Did not find existing container at: gs://runs/20260101-120000-nothing";
  writeFileSync(join(bin, "gcloud"), `#!/bin/sh\necho '${words}' >&2\nexit 1\n`, { mode: 0o755 });
  const settings = { ...target, bucket: "gs://runs" };
  const run = fakeRun("hang", { id: "20260101-120000-nothing", target: { name: "sky", settings } });
  process.env.PATH = `${bin}${delimiter}${process.env.PATH}`;
  await skypilotLauncher.collect({ home: run.dir, attempt: 1, job: 1 });
});

/** What ft says of SkyPilot where it is not as one hopes; as a person, through the built binary. */
describe("a person reads", { timeout: 120_000 }, () => {
  const env = () => ({ FT_FAKE_SKY: root, XDG_CONFIG_HOME: emptyFolder() });

  async function submitted(id: string) {
    const { run, store, submitted } = handingOver(id);
    await submitted;
    const { handle } = getRun(store, run.id);
    store.close();
    const shown = async () =>
      JSON.parse((await ft(["runs", "show", run.id, "--json"], run.projectDir, env())).stdout).run;
    return { run, handle, shown };
  }

  it("why no machine is there yet, without waiting for a log; and it is cancelled at once, as nothing could save", async () => {
    writeFileSync(join(root, "scarce"), "");
    const { run, shown } = await submitted("20260101-120000-scarce");
    await until(async () => (await shown()).state === "queued");
    expect(JSON.stringify(await shown())).toContain("STARTING: In backoff, waiting for resources");
    const began = performance.now();
    const { exitCode } = await ft(["runs", "cancel", run.id, "--grace", "600"], run.projectDir, env());
    expect([exitCode, performance.now() - began < 300_000]).toEqual([0, true]);
    expect((await shown()).state).toBe("cancelled");
    rmSync(join(root, "scarce"));
  });

  it("what SkyPilot refuses in its own words, and that no job was started", async () => {
    const { run } = await submitted("20260101-120000-refused");
    expect((await ft(["runs", "cancel", run.id, "--grace", "0"], run.projectDir, env())).exitCode).toBe(0);
    writeFileSync(
      join(root, "refuses"),
      "\u001b[31msky.exceptions.NoCloudAccessError: Cloud access is not set up.\u001b[0m\nRun: sky check",
    );
    const { exitCode, stderr } = await ft(["runs", "resume", run.id, "--detach"], run.projectDir, env());
    rmSync(join(root, "refuses"));
    expect([exitCode, stderr]).toEqual([
      11,
      expect.stringMatching(/SkyPilot refuses[\s\S]*Cloud access is not set up. Run: sky check/),
    ]);
  });

  it("that the controller has stopped, where it took the end of a job along", async () => {
    const { handle, shown } = await submitted("20260101-120000-stopped");
    await until(async () => (await shown()).state === "running");
    await skypilotLauncher.cancel(skypilotLauncher.parseHandle(handle), 0);
    writeFileSync(join(root, "stopped"), "");
    const { failure } = await shown();
    rmSync(join(root, "stopped"));
    expect(failure).toMatchObject({
      class: "unknown",
      message: expect.stringContaining("SkyPilot's controller has stopped"),
      hint: expect.stringContaining("sky jobs queue --refresh"),
    });
  });
});

/** Environment of a person whose targets.yaml has these. */
function configWith(targets: Record<string, object>): Record<string, string> {
  const config = emptyFolder();
  mkdirSync(join(config, "ft"));
  writeFileSync(join(config, "ft/targets.yaml"), JSON.stringify({ targets }));
  return { XDG_CONFIG_HOME: config };
}

it("prices come from its catalogue, the cheapest for the target first", async () => {
  const [spot, other] = await pricesOf({ ...target, gpu: "H100" }, "H100", 8);
  expect(spot).toMatchObject({ where: "aws/us-east-1", usdHour: 98.32, spotUsdHour: 39.5, count: 8 });
  expect(other).toMatchObject({ where: "aws/us-west-2", usdHour: 55.04, spotUsdHour: null });
  const [onDemand] = await pricesOf({ ...target, spot: false }, "H100", 8);
  expect(onDemand!.where).toBe("aws/us-west-2");
  const settings = targetSchema.parse({ ...target, gpu: "H100" });
  const prices = await pricesThere({ ...recipe.compute, on: settings, gpus: 8 }, {});
  expect(prices.filter(({ gpu }) => gpu === "h100-sxm")).toMatchObject([
    { provider: "aws/us-east-1", kind: "spot", usdHour: 39.5 / 8 },
  ]);
});

it("`ft plan --on` reckons with them: a GPU's share of the machine, of the kind that the target rents", async () => {
  const cwd = tinyProject();
  const sky = { launcher: "skypilot", bucket: "s3://runs", gpu: "H100" };
  const env = configWith({ sky, dear: { ...sky, spot: false } });
  const ratesOn = async (target: string) => {
    const { out, err, code } = await runFt(["plan", "--on", target, "--json"], { cwd, env });
    expect(code, err).toBe(0);
    return JSON.parse(out).plan.cost.rates.low;
  };
  expect(await ratesOn("sky")).toMatchObject({ provider: "aws/us-east-1", kind: "spot", usdHour: 39.5 / 8 });
  expect(await ratesOn("dear")).toMatchObject({ provider: "aws/us-west-2", kind: "on-demand", usdHour: 55.04 / 8 });
});

it("no secret stands in what SkyPilot was given as files or arguments", () => {
  const files = readdirSync(join(root, "jobs")).filter((name) => name.endsWith(".yaml") || name.endsWith(".json"));
  for (const name of files) expect(readFileSync(join(root, "jobs", name), "utf8")).not.toContain("hf_conformance");
});
