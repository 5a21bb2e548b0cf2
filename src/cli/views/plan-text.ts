// What `ft run --dry-run` says to a person.
import type { RunPlan } from "../../pipeline/plan-run.js";
import type { MemoryPlan } from "../../plan/memory-plan.js";
import { estimateLine } from "./plan-time.js";

export function planText({
  name,
  recipe,
  model,
  engine,
  device,
  data,
  steps,
  memory,
  estimate,
  rendering,
}: RunPlan): string {
  const { method } = recipe;
  const rows = [
    ["name", name],
    [
      "model",
      `${model.id}${model.revision ? ` @ ${model.revision.slice(0, 24)}` : ""}, ${model.here ? "here" : "will be fetched"}`,
    ],
    ["method", method.type === "full" ? "full" : `${method.type}, rank ${method.rank}, alpha ${method.alpha}`],
    ["data", `${data.trainRows} rows to train on, ${data.evalRows} held out`],
    ["engine", `${engine.name} ${engine.version}, environment ${engine.environmentHere ? "here" : "will be made"}`],
    ["device", device.count > 0 ? `${device.count} x ${device.kind}` : device.kind],
    ["memory", memory ? memoryWords(memory) : "not known before the model is here"],
    ["takes", estimate ? estimateLine(estimate) : "not known before the model is here"],
    [
      "steps",
      steps === null
        ? `as many as packing leaves, of ${recipe.train.batch_size} sequences`
        : `${steps} of ${recipe.train.batch_size} rows`,
    ],
  ];
  const facts = rows.map(([label, value]) => `${label!.padEnd(8)}${value}\n`).join("");
  const programs = data.evalRows > 0 ? [rendering.train, rendering.evaluate] : [rendering.train];
  const commands = programs.map(({ module, args }) => `  python -m ${module} ${args.join(" ")}\n`);
  const files = Object.keys(rendering.files).map((path) => `  ${path}\n`);
  const notes = rendering.notes.map((note) => `note: ${note}\n`);
  return `${facts}\nfiles (ft render shows them)\n${files.join("")}\ncommands\n${commands.join("")}${notes.length ? "\n" : ""}${notes.join("")}`;
}

function memoryWords({ verdict, needed, capacityGiB, hardware }: MemoryPlan): string {
  const gib = (value: number): string => value.toFixed(1);
  return `${verdict}: about ${gib(needed.mid)} GiB (${gib(needed.low)} to ${gib(needed.high)}) of ${gib(capacityGiB)} on ${hardware}; ft plan says more`;
}
