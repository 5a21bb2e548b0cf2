// Manifests as files, and each held against the schemas of the pinned Kubernetes.
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { type Kubeconform, startKubeconform } from "../../../test/services/kubeconform.js";
import { kubernetesTargetSchema } from "../../recipes/schema/targets/kubernetes.js";
import type { PodInput } from "./names.js";
import { renderManifest, secretManifest } from "./render-manifests.js";

const id = "20261127-101112-k3f9";
const limits = { seconds: 7200, secondsFrom: "compute.budget.hours", bytes: null, graceSeconds: 120 };

function input(target: object, more: Partial<PodInput> = {}): PodInput {
  const given = { launcher: "kubernetes", image: "registry.example/ft-trl:1.16.0-cuda", claim: "ft-runs", ...target };
  const settings = kubernetesTargetSchema.parse(given);
  return { job: { id, limits: null }, attempt: 1, resume: false, gpus: 1, hasToken: false, target: settings, ...more };
}

const scenarios: Record<string, PodInput> = {
  "smallest-cpu": input({}, { gpus: 0 }),
  "one-gpu-with-budget-and-token": input({}, { job: { id, limits }, hasToken: true }),
  "resumed-second-attempt": input({}, { attempt: 2, resume: true }),
  "everything-queued-by-kueue": input(
    {
      ...{ namespace: "ml", queue: "gpus", service_account: "trainer", priority_class: "low", user: 1000 },
      ...{ image_pull_secret: "registry", token_secret: "hub", cpus: 15.5, memory_gb: 120, shm_gb: 32, max_hours: 8 },
      node_selector: { "cloud.google.com/gke-accelerator": "nvidia-h100-80gb" },
      tolerations: [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }],
    },
    { gpus: 8 },
  ),
  "two-nodes": input({ nodes: 2, queue: "gpus" }, { gpus: 8, hasToken: true }),
};

let kubeconform: Kubeconform | null;
beforeAll(async () => {
  kubeconform = await startKubeconform();
}, 600_000);

describe.each(Object.entries(scenarios))("%s", (name, scenario) => {
  it("is rendered as the file says", async () => {
    const file = fileURLToPath(new URL(`fixtures/${name}.yaml`, import.meta.url));
    await expect(stringify(renderManifest(scenario), { lineWidth: 0 })).toMatchFileSnapshot(file);
  });

  it("is what Kubernetes' schema asks for", async (context) => {
    if (!kubeconform) return context.skip();
    const secret = secretManifest(scenario, { token: "t", owner: { apiVersion: "batch/v1", kind: "Job", uid: "u" } });
    expect(await kubeconform.check([renderManifest(scenario), secret])).toEqual([]);
  });
});

it("the check finds a key that Kubernetes does not know", async (context) => {
  if (!kubeconform) return context.skip();
  const manifest = renderManifest(scenarios["smallest-cpu"]!);
  const wrong = { ...manifest, spec: { ...manifest.spec, backofLimit: 0 } };
  expect(await kubeconform.check([wrong])).toEqual([expect.stringContaining("backofLimit")]);
});

it("no manifest but the Secret has the token", () => {
  expect(JSON.stringify(renderManifest(scenarios["one-gpu-with-budget-and-token"]!))).not.toContain("hf_");
});
