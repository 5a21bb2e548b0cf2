// The Kubernetes launcher against a real kube-apiserver (FT_TEST_KUBERNETES=1): what the server takes, keeps, shows and deletes. No kubelet, so no pod runs.
import { readFileSync, writeFileSync } from "node:fs";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Place } from "../../src/launchers/folder/contract.js";
import { thisMachine } from "../../src/launchers/hosts/this-machine.js";
import { kubernetesLauncher, kubernetesRunner } from "../../src/launchers/kubernetes/index.js";
import { kubernetesTargetSchema } from "../../src/recipes/schema/targets/kubernetes.js";
import { fakeJob, until } from "../fake-run.js";
import { type Apiserver, jobsetDefinition, startApiserver } from "../services/kube-apiserver.js";

const target = kubernetesTargetSchema.parse({ launcher: "kubernetes", image: "ft", claim: "runs", queue: "gpus" });
const severalNodes = { ...target, nodes: 2 };
let apiserver: Apiserver | null = null;
let jobset = "";

beforeAll(async () => {
  apiserver = await startApiserver();
  if (apiserver === null) return;
  process.env.KUBECONFIG = apiserver.kubeconfig;
  jobset = await jobsetDefinition(); // fetched here: it takes a test's whole time on a slow network
}, 3_600_000);
afterAll(() => apiserver?.stop());

function placeOf(id: string, settings = target): Place {
  const job = { ...fakeJob(id), gpus: 1, target: { name: "cluster", settings } };
  return { host: thisMachine, dir: "/nowhere", python: "python3", base: null, job };
}

const start = {
  attempt: 1,
  args: ["--attempt", "1"],
  python: null,
  env: {},
  secretsFile: null,
  onProgress: () => undefined,
};
const secrets = { HF_TOKEN: "hf_apiserver0123456789" };

/** What the garbage collector of a whole cluster does: it lets go of what was deleted in the foreground. */
async function collectGarbage(kind: string, name: string): Promise<void> {
  await until(async () => {
    const { stdout } = await execa("kubectl", ["get", kind, name, "-o", "jsonpath={.metadata.deletionTimestamp}"], {
      reject: false,
    });
    return stdout !== "";
  });
  await execa("kubectl", ["patch", kind, name, "--type=merge", "-p", '{"metadata":{"finalizers":null}}'], {
    reject: false,
  });
}

describe("with a real API server", { timeout: 120_000 }, () => {
  it("an attempt is made once, with its Secret, found by its labels, and queued", async (context) => {
    if (!apiserver) return context.skip();
    const place = placeOf("20260101-120000-real");
    expect(await kubernetesRunner.find(place, 1)).toBeNull();
    const both = await Promise.all([1, 2].map(() => kubernetesRunner.start(place, target, { ...start, secrets })));
    expect(both[0]).toEqual(both[1]);
    expect(await kubernetesRunner.find(place, undefined)).toEqual({ id: both[0], attempt: 1 });
    expect(await kubernetesRunner.liveness(place, both[0]!, 1, 0)).toMatchObject({ liveness: "queued" });
    const { stdout } = await execa("kubectl", ["get", "job", both[0]!.name, "-o", "json"]);
    expect(JSON.parse(stdout).spec).toMatchObject({ suspend: true, backoffLimit: 50, podReplacementPolicy: "Failed" });
    expect(stdout).not.toContain(secrets.HF_TOKEN);
    const secret = JSON.parse((await execa("kubectl", ["get", "secret", both[0]!.name, "-o", "json"])).stdout);
    expect(secret.metadata.ownerReferences[0]).toMatchObject({ kind: "Job", name: both[0]!.name });
    expect(JSON.stringify(secret.metadata)).not.toContain(Buffer.from(secrets.HF_TOKEN).toString("base64"));
  });

  it("what is left is listed, and ended once the server has let go of it", async (context) => {
    if (!apiserver) return context.skip();
    const place = placeOf("20260101-120000-left");
    const { name } = await kubernetesRunner.start(place, target, { ...start, secrets: {} });
    const left = (await kubernetesLauncher.leftovers(target)).find(({ run }) => run === place.job.id);
    expect(left).toMatchObject({ attempt: 1, isAlive: true });
    await Promise.all([kubernetesLauncher.end(target, left!), collectGarbage("job", name)]);
    expect(await kubernetesRunner.find(place, 1)).toBeNull();
    expect(await kubernetesRunner.liveness(place, { name, run: place.job.id }, 1, 0)).toMatchObject({
      liveness: "gone",
    });
    await kubernetesLauncher.end(target, left!); // of what is gone
  });

  it("several nodes are refused without JobSet, and taken with it", async (context) => {
    if (!apiserver) return context.skip();
    const job = async () => (await kubernetesLauncher.probe(severalNodes)).checks.find(({ name }) => name === "job");
    expect(await job()).toMatchObject({ status: "missing", detail: expect.stringContaining("JobSet") });
    await execa("kubectl", ["create", "-f", jobset]);
    await until(async () => (await job())?.status === "ok");
    const place = placeOf("20260101-120000-many", severalNodes);
    const id = await kubernetesRunner.start(place, severalNodes, { ...start, secrets: {} });
    expect(await kubernetesRunner.find(place, 1)).toEqual({ id, attempt: 1 });
  });

  it("a probe says what is missing, and makes nothing", async (context) => {
    if (!apiserver) return context.skip();
    const { checks, device } = await kubernetesLauncher.probe(target);
    expect(Object.fromEntries(checks.map(({ name, status }) => [name, status]))).toEqual({
      ...{ cluster: "ok", claim: "missing", job: "ok", pod: "ok", queue: "missing", gpu: "ok" },
    });
    expect(device).toMatchObject({ kind: "cpu", count: 0 });
    expect((await execa("kubectl", ["get", "jobs", "-o", "name"])).stdout).not.toContain("probe");
  });

  it("a pod that a namespace's policy forbids is found, and one that passes", async (context) => {
    if (!apiserver) return context.skip();
    const pod = async (more: object) =>
      (await kubernetesLauncher.probe({ ...target, ...more })).checks.find(({ name }) => name === "pod");
    await execa("kubectl", ["create", "namespace", "strict"]);
    await execa("kubectl", ["label", "namespace", "strict", "pod-security.kubernetes.io/enforce=restricted"]);
    expect(await pod({ namespace: "strict" })).toMatchObject({
      status: "missing",
      detail: expect.stringContaining('violates PodSecurity "restricted'),
    });
    expect(await pod({ namespace: "strict", user: 1000 })).toMatchObject({ status: "ok" });
  });

  it("what stands between kubectl and the cluster is told as that: a context, a login, a namespace that are not there", async (context) => {
    if (!apiserver) return context.skip();
    await expect(kubernetesLauncher.leftovers({ ...target, context: "prod" })).rejects.toMatchObject({
      code: "launcher.unreachable",
      message: "your kubeconfig has no context prod",
    });
    const config = JSON.parse(readFileSync(apiserver.kubeconfig, "utf8"));
    writeFileSync(apiserver.kubeconfig, JSON.stringify({ ...config, users: [{ name: "ft", user: { token: "old" } }] }));
    await expect(kubernetesLauncher.leftovers(target)).rejects.toMatchObject({
      code: "launcher.unreachable",
      message: expect.stringContaining("does not know who you are"),
    });
    writeFileSync(apiserver.kubeconfig, JSON.stringify(config));
    const place = placeOf("20260101-120000-nowhere", { ...target, namespace: "nowhere" });
    await expect(
      kubernetesRunner.start(place, { ...target, namespace: "nowhere" }, { ...start, secrets: {} }),
    ).rejects.toMatchObject({
      code: "launcher.refused",
      why: expect.stringContaining('namespaces "nowhere" not found'),
    });
  });

  it("a server that is gone is unreachable, not an answer", async (context) => {
    if (!apiserver) return context.skip();
    await apiserver.stop();
    apiserver = null;
    await expect(kubernetesLauncher.leftovers(target)).rejects.toMatchObject({ code: "launcher.unreachable" });
  });
});
