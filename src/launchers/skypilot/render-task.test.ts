// Tasks as files, and each read by SkyPilot's own parser, with catalogues of our own in place of those it would fetch.
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { type SkyValidator, startSkyValidator } from "../../../test/services/sky.js";
import { skypilotTargetSchema } from "../../recipes/schema/targets/skypilot.js";
import { renderTask, type TaskInput } from "./render-task.js";

const id = "20261127-101112-k3f9";
const limits = { seconds: 7200, secondsFrom: "compute.budget.hours", bytes: null, graceSeconds: 120 };

function input(target: object, more: Partial<TaskInput> = {}): TaskInput {
  const settings = skypilotTargetSchema.parse({ launcher: "skypilot", bucket: "s3://runs", ...target });
  const job = { id, limits: null };
  return { job, dir: "/tmp", attempt: 1, resume: false, gpus: 1, hasToken: false, target: settings, ...more };
}

const scenarios: Record<string, TaskInput> = {
  "cpu-on-demand": input({ spot: false, cpus: "8+", memory_gb: "32+" }, { gpus: 0 }),
  "spot-gpu-with-budget-and-token": input({ gpu: "H100" }, { job: { id, limits }, hasToken: true, gpus: 8 }),
  "several-gpus-on-several-clouds-resumed": input(
    { gpu: ["L4", "A100-80GB"], infra: ["aws", "gcp/us-central1"], bucket: "gs://runs/ft", restarts_on_errors: 2 },
    { attempt: 2, resume: true },
  ),
  "two-nodes-in-an-image": input(
    { gpu: "H100", nodes: 2, infra: "aws", image: "docker:me/ft-trl:1.16.0" },
    { gpus: 8 },
  ),
};

let sky: SkyValidator | null;
beforeAll(async () => {
  sky = await startSkyValidator();
}, 600_000);

describe.each(Object.entries(scenarios))("%s", (name, scenario) => {
  it("is rendered as the file says", async () => {
    const file = fileURLToPath(new URL(`fixtures/${name}.yaml`, import.meta.url));
    await expect(stringify(renderTask(scenario), { lineWidth: 0 })).toMatchFileSnapshot(file);
  });

  it("is a task to SkyPilot", { timeout: 120_000 }, async (context) => {
    if (!sky) return context.skip();
    const { problem, resources } = await sky.read(stringify(renderTask(scenario)));
    expect(problem).toBeNull();
    expect(resources).toContain(scenario.target.spot ? "[spot]" : "");
  });
});

it("SkyPilot's parser finds a key that it does not know", { timeout: 120_000 }, async (context) => {
  if (!sky) return context.skip();
  const { problem } = await sky.read(stringify({ ...renderTask(scenarios["cpu-on-demand"]!), worksdir: "/tmp" }));
  expect(problem).toContain("worksdir");
});
