// What `ft plan` shows, as blocks: verdict, memory by term and by length, what to change; or a table over GPUs.
import type { RecipePlan } from "../../pipeline/plan-recipe.js";
import type { Advice } from "../../plan/advice.js";
import type { LengthCurve } from "../../plan/length-curve.js";
import type { MemoryPlan } from "../../plan/memory-plan.js";
import type { Bars, Block, Curve, Facts, Level, Note, Report, Table } from "../../report/block.js";
import { number } from "../../report/number.js";
import { gpuName } from "./gpu-name.js";

export function memoryReport(plan: RecipePlan, { isApplied }: { isApplied: boolean }): Report {
  const [first] = plan.plans as [MemoryPlan, ...MemoryPlan[]];
  const on = plan.plans.length > 1 ? ` ${gpuName(first)}` : "";
  const advice = plan.advice ? adviceBlocks(plan.advice, first, on, isApplied) : [];
  return {
    title: `${plan.name}: ${plan.model}, ${plan.method}`,
    subtitle: `${batchWords(first)}${on && `, for${on}`}`,
    blocks:
      plan.plans.length > 1
        ? [gpuTable(plan.plans), ...advice]
        : [
            verdict(plan, first),
            termBars(first),
            ...(plan.curve ? [lengthCurveOf(plan.curve, first)] : []),
            ...advice,
            figures(first),
          ],
  };
}

function batchWords({ batch, parameters, count, isCpu }: MemoryPlan): string {
  const { rows, sequences, tokens, accumulation, step } = batch;
  const pairs = sequences > 1 ? ` of ${sequences} answers, each` : "";
  const pass = `${rows} ${rows === 1 ? "row" : "rows"}${pairs} of up to ${tokens} tokens x ${accumulation}`;
  const each = count > 1 && !isCpu ? `, on each of ${count} GPUs (${step} rows a step)` : "";
  return `${millions(parameters.trained)} of ${millions(parameters.all)} parameters trained, ${pass}${each}`;
}

function millions(count: number): string {
  return count >= 1e9 ? `${(count / 1e9).toFixed(2)} billion` : `${(count / 1e6).toFixed(1)} million`;
}

const levels: Record<MemoryPlan["verdict"], Level> = { fits: "good", tight: "warning", "does not fit": "bad" };

function verdict(
  { where }: RecipePlan,
  { hardware, verdict: says, needed, capacityGiB, corrected }: MemoryPlan,
): Facts {
  const smallest = "no GPU is here; this is the smallest of ft's list that it fits (--all shows them)";
  return {
    kind: "facts",
    title: `${hardware}: ${says}`,
    level: levels[says],
    facts: [
      { name: "needs", value: `${gib(needed.mid)} GiB (${gib(needed.low)} to ${gib(needed.high)})` },
      { name: "has", value: `${gib(capacityGiB)} GiB` },
    ],
    notes: [
      ...(where === "smallest" ? [{ text: smallest }] : []),
      ...(corrected ? [{ text: correctedWords(corrected) }] : []),
    ],
  };
}

function correctedWords({ runs, at }: NonNullable<MemoryPlan["corrected"]>): string {
  const day = new Date(at).toISOString().slice(0, 10);
  return `corrected by ${runs} runs and probes on this machine (${day}; ft plan --calibrate fits anew)`;
}

function termBars({ terms, peak, isCpu }: MemoryPlan): Bars {
  const parts = terms.filter(({ term }) => !partOfAnother.has(term));
  const sorted = [...parts].sort((a, b) => rank(a) - rank(b) || b.gib - a.gib);
  return {
    kind: "bars",
    title: `GiB at the peak (${peak})`,
    bars: sorted.map(({ term, gib: size, atPeak }) => ({
      name: isCpu && term === "context" ? "Python and torch" : (words[term] ?? term),
      count: size,
      shown: gib(size),
      ...(term === "fragmentation" ? { detail: "if room" } : atPeak ? {} : { detail: "other time" }),
    })),
    notes: barNotes(sorted),
  };
}

function barNotes(terms: MemoryPlan["terms"]): Note[] {
  return [
    ...(terms.some(({ term }) => term === "fragmentation")
      ? [{ text: "if room: cached by the allocator, and given back when the GPU is full" }]
      : []),
    ...(terms.some(({ atPeak }) => !atPeak) ? [{ text: "other time: not there at the peak" }] : []),
  ];
}

/** What the training cannot do without at the peak; what the allocator would give back; what exists at another time. */
function rank({ term, atPeak }: MemoryPlan["terms"][number]): number {
  return term === "fragmentation" ? 1 : atPeak ? 0 : 2;
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
  activations: "kept for the backward pass",
  recomputed: "a layer and its gradients",
  ends: "embedding and last norm",
  logits: "logits and loss",
  heldLogits: "logits held",
  communication: "communication buffers",
  dequantisation: "weights unpacked",
  autocastCopies: "autocast's copies",
  optimizerStep: "the step's temporaries",
  heldOut: "a pass over held-out rows",
  heapHoles: "holes in the heap",
  context: "CUDA context",
  stuck: "between blocks in use",
  fragmentation: "held by the allocator",
  correction: "by past runs here",
};

function lengthCurveOf({ points, longest, planned }: LengthCurve, { hardware, capacityGiB }: MemoryPlan): Curve {
  const figuresOf = (bound: "low" | "mid" | "high") => points.map((point) => point[bound]);
  return {
    kind: "curve",
    title: "GiB by the length of the rows",
    x: { unit: "tokens", values: points.map(({ tokens }) => tokens) },
    y: { unit: "GiB", low: figuresOf("low"), mid: figuresOf("mid"), high: figuresOf("high") },
    limit: { at: capacityGiB, name: hardware },
    mark: { at: planned, name: `${number(planned)} planned` },
    summary: lengthWords(longest),
  };
}

function lengthWords({ fits, tight }: LengthCurve["longest"]): string {
  if (tight === null) return "rows of no length fit";
  const sure = fits === null ? "" : `fits up to ${number(fits)} tokens a row`;
  if (fits === tight) return sure;
  return `${sure}${sure === "" ? "" : "; "}up to ${number(tight)} it is tight`;
}

function figures({ allocated, needed, reserved, device, isCpu }: MemoryPlan): Table {
  return {
    kind: "table",
    title: "peak, GiB",
    columns: [{ head: "" }, ...["low", "mid", "high"].map((head) => ({ head, align: "right" as const }))],
    rows: [
      ["tensors (allocated)", allocated] as const,
      ...(isCpu ? [] : [["needed: without it the run fails", needed] as const]),
      ...(isCpu ? [] : [["allocator (reserved)", reserved] as const]),
      [isCpu ? "needed: whole process" : "whole device (nvidia-smi)", device] as const,
    ].map(([name, { low, mid, high }]) => ({ cells: [name, gib(low), gib(mid), gib(high)] })),
  };
}

/** `on`: the GPU that it is for, where there are several. */
function adviceBlocks(advice: Advice, before: MemoryPlan, on: string, isApplied: boolean): Block[] {
  const { isEnough, tight, after } = advice;
  const larger = "take a larger GPU (--all), or a smaller base (ft models ls --max-vram)";
  if (!isEnough) {
    const made = before.verdict === "tight" ? "makes it surely fit" : "makes it fit";
    const title = `nothing that ft can change ${made}${on}`;
    if (advice.changes.length === 0) return [{ kind: "facts", title, facts: [], notes: [{ text: larger }] }];
    return [wayFacts(title, advice, [{ text: `with all of it: ${larger}` }])];
  }
  const written = { text: isApplied ? "written into the recipe" : "ft plan --apply writes this into the recipe" };
  return [
    wayFacts(after.verdict === "fits" ? `to make it fit${on}` : `to make it fit${on}, if tightly`, advice, [written]),
    ...(tight ? [wayFacts(`or, training as much as the recipe does, tightly`, tight, [])] : []),
  ];
}

function wayFacts(title: string, { changes, after }: Pick<Advice, "changes" | "after">, notes: Note[]): Facts {
  return {
    ...{ kind: "facts", title },
    facts: changes.map(({ set, what, savesGiB, price }) => ({
      name: Object.entries(set)
        .map(([key, value]) => `${key}: ${value}`)
        .join(", "),
      value: `${savesGiB < 0.005 ? "helps with what follows" : `${gib(savesGiB)} GiB less`}. ${what}: ${price}`,
    })),
    notes: [
      {
        text: `then: ${after.verdict}; needs ${gib(after.needed.mid)} GiB (${gib(after.needed.low)} to ${gib(after.needed.high)})`,
        level: levels[after.verdict],
      },
      ...notes,
    ],
  };
}

function gpuTable(plans: readonly MemoryPlan[]): Table {
  return {
    kind: "table",
    title: "GiB of one GPU",
    columns: [
      { head: "GPU" },
      ...["has", "needs", "low", "high"].map((head) => ({ head, align: "right" as const })),
      { head: "" },
    ],
    rows: plans.map(({ capacityGiB, needed, verdict: says, ...gpu }) => ({
      cells: [gpuName(gpu), ...[capacityGiB, needed.mid, needed.low, needed.high].map(gib), says],
      level: levels[says],
    })),
    notes: [
      { text: "needs: without it the run fails; nvidia-smi will show more where there is room" },
      { text: "tight: fits by the estimate, and not if it is at the upper end of its band" },
    ],
  };
}

function gib(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}
