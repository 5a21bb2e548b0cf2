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
  const args = ["--attempt", "1", "--platform-restarts"];
  return { job: { id, limits: null, gpus: 1 }, attempt: 1, args, secret: null, target: settings, ...more };
}

const scenarios: Record<string, PodInput> = {
  "smallest-cpu": input({}, { job: { id, limits: null, gpus: 0 } }),
  "one-gpu-with-budget-and-secret": input({}, { job: { id, limits, gpus: 1 }, secret: "hub" }),
  "second-attempt": input({ env: { WANDB_MODE: "offline" } }, { attempt: 2, args: ["--attempt", "2", "--resume"] }),
  "everything-queued-by-kueue": input(
    {
      ...{ namespace: "ml", queue: "gpus", service_account: "trainer", priority_class: "low", user: 1000 },
      ...{ image_pull_secret: "registry", cpus: 15.5, memory_gb: 120, shm_gb: 32, max_hours: 8 },
      node_selector: { "cloud.google.com/gke-accelerator": "nvidia-h100-80gb" },
      tolerations: [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }],
    },
    { job: { id, limits: null, gpus: 8 } },
  ),
  "two-nodes": input({ nodes: 2, queue: "gpus" }, { job: { id, limits: null, gpus: 16 }, secret: "hub" }),
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
    const secret = secretManifest(scenario, { HF_TOKEN: "t" });
    expect(await kubeconform.check([renderManifest(scenario), secret])).toEqual([]);
  });
});

it("the check finds a key that Kubernetes does not know", async (context) => {
  if (!kubeconform) return context.skip();
  const manifest = renderManifest(scenarios["smallest-cpu"]!);
  const wrong = { ...manifest, spec: { ...manifest.spec, backofLimit: 0 } };
  expect(await kubeconform.check([wrong])).toEqual([expect.stringContaining("backofLimit")]);
});
