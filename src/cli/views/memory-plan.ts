// What `ft plan` prints: verdict, memory by term, what to change; or a table over GPUs.
import type { RecipePlan } from "../../pipeline/plan-recipe.js";
import type { Advice } from "../../plan/advice.js";
import type { MemoryPlan } from "../../plan/memory-plan.js";
import { plainTable } from "./plain-table.js";

/** Ends with a newline. */
export function memoryPlanText(plan: RecipePlan, { all, isApplied }: { all: boolean; isApplied: boolean }): string {
  const [first] = plan.plans as [MemoryPlan, ...MemoryPlan[]];
  const head = `${plan.name}: ${plan.model}, ${plan.method}, ${batchWords(first)}`;
  if (all || plan.plans.length > 1) return `${[head, "", ...gpuTable(plan.plans), "", legend].join("\n")}\n`;
  const parts = [
    head,
    plan.where === "smallest"
      ? "no GPU is here; this is the smallest of ft's list that it fits (--all shows them)"
      : "",
    verdictLine(first),
    "",
    ...termTable(first),
    "",
    ...figures(first),
    ...(plan.advice ? ["", ...adviceLines(plan.advice, isApplied)] : []),
  ];
  return `${parts.filter((part, index) => part !== "" || index !== 1).join("\n")}\n`;
}

function batchWords({ batch, parameters }: MemoryPlan): string {
  const rows = `${batch.rows} ${batch.rows === 1 ? "row" : "rows"} of up to ${batch.tokens} tokens`;
  return `${millions(parameters.trained)} of ${millions(parameters.all)} parameters trained, ${rows} x ${batch.accumulation}`;
}

function millions(count: number): string {
  return count >= 1e9 ? `${(count / 1e9).toFixed(2)} billion` : `${(count / 1e6).toFixed(1)} million`;
}

function verdictLine({ hardware, verdict, needed, capacityGiB }: MemoryPlan): string {
  const needs = `needs ${gib(needed.mid)} GiB (${gib(needed.low)} to ${gib(needed.high)})`;
  return `${hardware}: ${verdict}; ${needs} of ${gib(capacityGiB)}`;
}

/** In the order in which they add up at the peak; what exists at another time comes after. */
function termTable({ terms, peak, isCpu }: MemoryPlan): string[] {
  const parts = terms.filter(({ term }) => !partOfAnother.has(term));
  const sorted = [...parts].sort((a, b) => Number(b.atPeak) - Number(a.atPeak) || b.gib - a.gib);
  return plainTable(
    [{ head: `GiB at the peak (${peak})` }, { head: "GiB", align: "right" }, { head: "" }],
    sorted.map(({ term, gib: size, atPeak }) => [
      isCpu && term === "context" ? "Python and torch" : (words[term] ?? term),
      gib(size),
      atPeak ? "" : "at another time",
    ]),
  );
}

const partOfAnother = new Set(["attention"]);

const words: Record<string, string> = {
  weights: "weights",
  quantisationConstants: "quantisation constants",
  adapters: "adapter",
  gradients: "gradients",
  optimizer: "optimizer states",
  masters: "fp32 masters",
  embeddingCopies: "copies of the embedding",
  reference: "reference model",
  activations: "activations kept for the backward pass",
  recomputed: "layer computed again, and its gradients",
  ends: "embedding and last norm",
  logits: "logits and loss",
  heldLogits: "logits held",
  communication: "communication buffers, gathered weights",
  dequantisation: "weights unpacked for a product",
  autocastCopies: "autocast's copies of weights",
  optimizerStep: "temporaries of the optimizer step",
  context: "CUDA context",
  fragmentation: "held by the allocator, unused",
};

function figures({ allocated, needed, reserved, device, isCpu }: MemoryPlan): string[] {
  return plainTable(
    [{ head: "peak, GiB" }, ...["low", "mid", "high"].map((head) => ({ head, align: "right" as const }))],
    [
      ["tensors (allocated)", allocated],
      ...(isCpu ? [] : [["needed: without it the run fails", needed]]),
      ...(isCpu ? [] : [["allocator (reserved)", reserved]]),
      [isCpu ? "needed: whole process" : "whole device (nvidia-smi)", device],
    ].map(([name, band]) => [
      name as string,
      ...(["low", "mid", "high"] as const).map((bound) => gib((band as MemoryPlan["device"])[bound])),
    ]),
  );
}

function adviceLines({ changes, after }: Advice, isApplied: boolean): string[] {
  if (changes.length === 0)
    return [
      "nothing that ft can change makes it fit: take a larger GPU (--all), or a smaller base (ft models ls --max-vram)",
    ];
  const lines = changes.flatMap(({ set, what, savesGiB, price }) => [
    `  ${Object.entries(set)
      .map(([key, value]) => `${key}: ${value}`)
      .join(", ")}  (${gib(savesGiB)} GiB less)`,
    `    ${what}: ${price}`,
  ]);
  const end = `then: ${after.verdict}; needs ${gib(after.needed.mid)} GiB (${gib(after.needed.low)} to ${gib(after.needed.high)})`;
  const how = isApplied ? "written into the recipe" : "ft plan --apply writes this into the recipe";
  return ["to make it fit:", ...lines, end, how];
}

function gpuTable(plans: readonly MemoryPlan[]): string[] {
  return plainTable(
    [
      { head: "GPU" },
      { head: "has", align: "right" },
      { head: "needs", align: "right" },
      { head: "low", align: "right" },
      { head: "high", align: "right" },
      { head: "" },
    ],
    plans.map(({ hardware, alias, capacityGiB, needed, verdict }) => [
      alias === null ? hardware : alias,
      ...[gib(capacityGiB), gib(needed.mid), gib(needed.low), gib(needed.high), verdict],
    ]),
  );
}

const legend =
  "GiB of one GPU; needs: without it the run fails, nvidia-smi will show more where there is room. tight: fits by the estimate, and not if it is at the upper end of its band";

function gib(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}
