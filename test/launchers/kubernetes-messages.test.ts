// What a person reads of a run on Kubernetes when the cluster is not as one hopes: the built binary, over a cluster in small that refuses as a real one does.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { packageRoot } from "../../src/paths.js";
import { targetSchema } from "../../src/recipes/schema/targets.js";
import { createRun, transition } from "../../src/runs/run-store.js";
import { openStore } from "../../src/store/open.js";
import { fakeRun, until } from "../fake-run.js";
import { emptyFolder, ft } from "../project.js";
import { installProgram } from "../services/install-program.js";
import { killSupervisor } from "./processes.js";

installProgram("kubectl", join(packageRoot, "test/fixtures/kubectl.mjs"));
let cluster: string;
let claim: string;

beforeEach(() => {
  cluster = emptyFolder();
  claim = emptyFolder();
  mkdirSync(join(cluster, "claims"));
  mkdirSync(join(cluster, "elsewhere"));
  writeFileSync(join(cluster, "claims/runs.json"), JSON.stringify({ metadata: { name: "runs" } }));
});

/** The pods are processes. */
afterEach(() => {
  const pods = join(cluster, "pods");
  for (const name of existsSync(pods) ? readdirSync(pods).filter((name) => name.endsWith(".json")) : []) {
    const { pid } = JSON.parse(readFileSync(join(pods, name), "utf8")) as { pid?: number };
    if (pid !== undefined) killGroup(pid);
  }
  rmSync(cluster, { recursive: true, force: true, maxRetries: 10 }); // a pod that has just ended may still write how
});

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // gone already
  }
}

let count = 0;

/** A run that failed before, with which a person goes on there: `ft runs resume` hands it over as `ft run` does. */
function runOn(settings: object = {}, behaviour = "hang") {
  const target = targetSchema.parse({ launcher: "kubernetes", image: "none", claim: "runs", dir: claim, ...settings });
  const id = `20260101-120000-msg${process.pid.toString(36)}${count++}`;
  const run = fakeRun(behaviour, { id, target: { name: "k8s", settings: target } });
  const store = openStore(run.projectDir);
  createRun(store, { ...run.job, createdAt: Date.now() });
  transition(store, id, "failed", Date.now());
  store.close();
  const config = emptyFolder();
  mkdirSync(join(config, "ft"));
  writeFileSync(join(config, "ft/targets.yaml"), JSON.stringify({ targets: { k8s: target } }));
  const env = { FT_FAKE_CLUSTER: cluster, XDG_CONFIG_HOME: config };
  const say = (args: string[], more = {}) => ft(args, run.projectDir, { ...env, ...more });
  const shown = async () => JSON.parse((await say(["runs", "show", id, "--json"])).stdout).run;
  return {
    ...{ run, id, say, shown },
    handOver: (more = {}) => say(["runs", "resume", id, "--detach"], more),
    cancel: () => say(["runs", "cancel", id, "--grace", "0"]),
  };
}

describe("on Kubernetes", { timeout: 240_000 }, () => {
  it.each([
    [
      "an image that cannot be pulled",
      { image: "missing/ft:1" },
      /cannot be pulled[\s\S]*ImagePullBackOff: Back-off pulling image "missing/,
      "dependency",
    ],
    [
      "a claim that is not there",
      { claim: "rums" },
      /claim cannot be mounted[\s\S]*persistentvolumeclaim "rums" not found/,
      "unknown",
    ],
    ["a namespace that is not there", { namespace: "mll" }, /namespaces "mll" not found/, "unknown"],
    [
      "a quota that leaves no room for the pod of the files",
      { quota: "ft-files" },
      /quota leaves no room[\s\S]*FailedCreate: .*exceeded quota/,
      "unknown",
    ],
    [
      "a context that the kubeconfig lacks",
      { context: "prod" },
      /no context prod[\s\S]*kubectl config get-contexts/,
      "network",
    ],
  ])(
    "%s is told in its words, soon, and nothing is left",
    async (_what, { quota, ...settings }: Record<string, string>, words, kind) => {
      if (quota) writeFileSync(join(cluster, "quota"), quota);
      const { id, handOver, shown } = runOn(settings);
      const { exitCode, stderr } = await handOver();
      expect([exitCode === 6 || exitCode === 11, stderr]).toEqual([true, expect.stringMatching(words)]);
      const jobs = existsSync(join(cluster, "jobs")) ? readdirSync(join(cluster, "jobs")) : [];
      expect(jobs.filter((name) => name.includes(id))).toEqual([]);
      expect((await shown()).failure).toMatchObject({
        class: kind,
        message: expect.stringMatching(words.source.split("[")[0]!),
      });
    },
  );

  it("Ctrl-C while the pod for the files is waited for ends that at once, and leaves no pod", async () => {
    const { handOver, shown } = runOn();
    writeFileSync(join(cluster, "unschedulable"), "ft-files");
    const files = (kind: string) =>
      existsSync(join(cluster, kind)) ? readdirSync(join(cluster, kind)).filter((name) => name.endsWith(".json")) : [];
    const running = handOver();
    await until(async () => files("pods").length > 0, 60_000);
    running.kill("SIGINT");
    const { exitCode, stderr } = await running;
    expect([exitCode, stderr]).toEqual([10, expect.stringContaining("interrupted")]);
    await until(async () => files("pods").length + files("jobs").length === 0, 30_000);
    expect(await shown()).toMatchObject({ state: "cancelled" });
  });

  it("a run whose pods are evicted again and again ends, with what evicts them", async () => {
    const { handOver, shown } = runOn();
    writeFileSync(join(cluster, "evicted"), "");
    expect((await handOver()).exitCode).toBe(0);
    await until(async () => (await shown()).state === "failed", 120_000);
    expect((await shown()).failure).toMatchObject({
      class: "killed",
      message: expect.stringContaining("Evicted: The node was low on resource: memory."),
      hint: expect.stringContaining("memory_gb"),
    });
  });

  it("a Job that may not be made leaves no Secret behind", async () => {
    const { id, handOver } = runOn();
    writeFileSync(join(cluster, "forbidden"), "create jobs");
    const { exitCode, stderr } = await handOver({ HF_TOKEN: "hf_kubernetes0123456789" });
    expect([exitCode, stderr]).toEqual([11, expect.stringMatching(/cannot create resource "jobs"/)]);
    const secrets = join(cluster, "secrets", `ft-${id}-2.json`);
    expect(existsSync(join(cluster, "secrets"))).toBe(true); // it was made
    await until(() => !existsSync(secrets) || JSON.parse(readFileSync(secrets, "utf8")).metadata.deletionTimestamp);
  });

  it.each([
    ["no node", "unschedulable", "ft-2", {}, /Unschedulable: 0\/3 nodes are available: 3 Insufficient nvidia.com\/gpu/],
    ["no quota", "quota", "ft-2", {}, /FailedCreate: .*exceeded quota/],
    ["no Kueue", "nothing", "", { queue: "gpus" }, /the cluster has no Kueue/],
    [
      "no such queue",
      "kueue",
      "LocalQueue gpus doesn't exist",
      { queue: "gpus" },
      /by queue gpus: LocalQueue gpus doesn't/,
    ],
  ])(
    "why no pod starts stands with the run (%s), which is cancelled all the same",
    async (_why, file, content, settings, words) => {
      const { handOver, shown, cancel } = runOn(settings);
      writeFileSync(join(cluster, file), content);
      expect((await handOver()).exitCode).toBe(0);
      await until(async () => words.test(JSON.stringify((await shown()).history)), 90_000);
      expect([(await cancel()).exitCode, (await shown()).state]).toEqual([0, "cancelled"]);
    },
  );

  it("`ft doctor --on` finds what would keep a run from starting: a claim for one node, a policy, a queue that is not there", async () => {
    const claims = { metadata: { name: "runs" }, spec: { accessModes: ["ReadWriteOnce"] } };
    writeFileSync(join(cluster, "claims/runs.json"), JSON.stringify(claims));
    writeFileSync(join(cluster, "restricted"), "");
    writeFileSync(join(cluster, "kueue"), "");
    const checks = async (settings: object) => {
      const { stdout } = await runOn(settings).say(["doctor", "--on", "k8s"]);
      return stdout;
    };
    const before = await checks({ queue: "gpus" });
    expect(before).toMatch(/claim .*ReadWriteOnce[\s\S]*needs ReadWriteMany/);
    expect(before).toMatch(/its pod is refused: .*violates PodSecurity "restricted:latest"[\s\S]*`user`/);
    expect(before).toMatch(/LocalQueue gpus is not in/);
    writeFileSync(join(cluster, "claims/runs.json"), JSON.stringify({ metadata: { name: "runs" } }));
    const after = await checks({ user: 1000 });
    expect(after).toContain("its pod would be taken");
    expect(after).not.toMatch(/PodSecurity|needs ReadWriteMany/);
  });

  it("a run stays with its cluster when its person turns to another context; an expired login is no news of it", async () => {
    const { handOver, shown, say, cancel } = runOn();
    expect((await handOver()).exitCode).toBe(0);
    await until(async () => (await shown()).state === "running");
    writeFileSync(join(cluster, "current-context"), "elsewhere");
    expect((await shown()).state).toBe("running");
    writeFileSync(join(cluster, "expired"), "");
    const { stdout, stderr } = await say(["runs", "ls"]);
    expect([stdout, stderr]).toEqual([
      expect.stringContaining("running"),
      expect.stringMatching(/does not answer: .*You must be logged in to the server/),
    ]);
    rmSync(join(cluster, "expired"));
    expect([(await cancel()).exitCode, (await shown()).state]).toEqual([0, "cancelled"]);
  });

  it("memory that ran out is told as that, with the key to raise; a job that someone deleted as that", async () => {
    const one = runOn();
    writeFileSync(join(cluster, "oom"), "");
    await one.handOver();
    await until(async () => (await one.shown()).step !== null);
    await killSupervisor(join(claim, "runs", one.id));
    await until(async () => (await one.shown()).state === "failed");
    expect((await one.shown()).failure).toMatchObject({
      class: "out-of-memory",
      hint: expect.stringContaining("memory_gb"),
    });
    const other = runOn();
    await other.handOver();
    await until(async () => (await other.shown()).step !== null);
    const kubectl = ["--namespace", "default", "delete", "job", `ft-${other.id}-2`, "--cascade=foreground"];
    await execa("kubectl", kubectl, { env: { FT_FAKE_CLUSTER: cluster } });
    await until(async () => (await other.shown()).state === "failed", 90_000);
    expect((await other.shown()).failure.message).toContain("someone deleted it");
  });
});
