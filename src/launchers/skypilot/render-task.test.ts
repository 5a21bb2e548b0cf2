// Tasks as files, and each read by SkyPilot's own parser, with catalogues of our own in place of those it would fetch.
import { fileURLToPath } from "node:url";
import { beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { type SkyValidator, startSkyValidator } from "../../../test/services/sky.js";
import { skypilotTargetSchema } from "../../recipes/schema/targets/skypilot.js";
import { renderTask, type TaskInput } from "./render-task.js";

const id = "20261127-101112-k3f9";
const limits = { seconds: 7200, secondsFrom: "compute.budget.hours", bytes: null, graceSeconds: 120 };

function input(target: object, more: Partial<TaskInput> = {}): TaskInput {
  const settings = skypilotTargetSchema.parse({ launcher: "skypilot", bucket: "s3://runs", ...target });
  const job = { id, limits: null, gpus: 1 };
  return { job, dir: "/tmp", attempt: 1, resume: false, secrets: [], base: null, target: settings, ...more };
}

const scenarios: Record<string, TaskInput> = {
  "cpu-on-demand": input(
    { spot: false, cpus: "8+", memory_gb: "32+" },
    { job: { id, limits: null, gpus: 0 }, base: "/tmp" },
  ),
  "spot-gpu-with-budget-and-secrets": input(
    { gpu: "H100", env: { WANDB_MODE: "offline" } },
    { job: { id, limits, gpus: 8 }, secrets: ["HF_TOKEN", "WANDB_API_KEY"] },
  ),
  "several-gpus-on-several-clouds-resumed": input(
    { gpu: ["L4", "A100-80GB"], infra: ["aws", "gcp/us-central1"], bucket: "gs://runs/ft", restarts_on_errors: 2 },
    { attempt: 2, resume: true },
  ),
  "two-nodes-in-an-image": input(
    { gpu: "H100", nodes: 2, infra: "aws", image: "docker:me/ft-trl:1.16.0" },
    { job: { id, limits: null, gpus: 16 } },
  ),
};

let sky: SkyValidator | null;
beforeAll(async () => {
  sky = await startSkyValidator();
}, 600_000);

it.each(Object.entries(scenarios))("%s is rendered as the file says", async (name, scenario) => {
  const file = fileURLToPath(new URL(`fixtures/${name}.yaml`, import.meta.url));
  await expect(stringify(renderTask(scenario), { lineWidth: 0 })).toMatchFileSnapshot(file);
});

it("each is a task to SkyPilot, whose parser finds a key that it does not know", {
  timeout: 300_000,
}, async (context) => {
  if (!sky) return context.skip();
  const tasks = Object.values(scenarios).map(renderTask);
  const read = await sky.read([...tasks, { ...tasks[0], worksdir: "/tmp" }].map((task) => stringify(task)));
  const [problem, ...others] = read.map(({ problem }) => problem).reverse();
  expect(others).toEqual(tasks.map(() => null));
  expect(problem).toContain("worksdir");
  expect(read.map(({ resources }) => resources.includes("[spot]")).slice(0, -1)).toEqual(
    Object.values(scenarios).map(({ target }) => target.spot),
  );
});
