// What `ft plan` shows besides memory: tokens, time, network, disk, cost, budget; over several GPUs what each costs, cheapest first.
import type { RecipePlan } from "../../pipeline/plan-recipe.js";
import type { HardwareEstimate } from "../../pipeline/run-estimate.js";
import type { BudgetPlan } from "../../plan/budget.js";
import { type CostPlan, oldPriceDays } from "../../plan/cost-plan.js";
import type { Band } from "../../plan/memory/allocator.js";
import type { TimePart, TimePlan } from "../../plan/time/time-plan.js";
import type { TokenPlan } from "../../plan/time/token-plan.js";
import type { Block, Note, Table } from "../../report/block.js";
import { gpuName } from "./gpu-name.js";

export function estimateBlocks(plan: RecipePlan): Block[] {
  const notes = plan.warnings.map((text): Note => ({ text, level: "warning" }));
  return plan.estimates.length > 1 ? [costTable(plan, notes)] : oneEstimate(plan.estimates[0]!, notes);
}

function oneEstimate(estimate: HardwareEstimate, notes: Note[]): Block[] {
  const { tokens, time, timeUnknown, cost, disk, network, budget } = estimate;
  const facts: [string, string][] = [
    ["tokens", tokens ? tokenWords(tokens) : "not known: no row could be read"],
    ["speed", time ? speedWords(time) : `not known: ${timeUnknown}`],
    ["network", networkWords(network)],
    ["disk", diskWords(disk)],
    ["cost", cost ? costWords(cost) : whyNoCost(estimate)],
    ...(budget ? [["budget", budgetWords(budget)] as [string, string]] : []),
  ];
  return [
    ...(time ? [timeTable(time)] : []),
    { kind: "facts", title: "work and cost", facts: facts.map(([name, value]) => ({ name, value })), notes },
  ];
}

/** Without a time there is no cost either. */
function whyNoCost({ time, timeUnknown }: HardwareEstimate): string {
  return time
    ? "not known: no price for this hardware (~/.config/ft/prices.jsonl)"
    : `not known, as the time is not: ${timeUnknown}`;
}

const partWords: Record<TimePart, string> = {
  environment: "the engine's environment",
  download: "downloads",
  load: "loading, for training and for evaluation",
  tokenise: "tokenising the rows",
  training: "training",
  checkpoints: "checkpoints",
  "held-out losses": "losses on the held-out rows",
  evaluation: "evaluation, base and result",
};

function timeTable({ parts, total }: TimePlan): Table {
  const bounds = ["low", "mid", "high"] as const;
  const row = (name: string, band: Band) => ({ cells: [name, ...bounds.map((bound) => span(band[bound]))] });
  return {
    kind: "table",
    title: "time",
    columns: [{ head: "" }, ...bounds.map(right)],
    rows: [...parts.map(({ part, ...band }) => row(partWords[part], band)), row("in all", total)],
  };
}

function right(head: string): Table["columns"][number] {
  return { head, align: "right" };
}

function tokenWords({
  by,
  sampledRows,
  charsPerToken,
  epoch,
  cutShare,
  tooLong,
  epochs,
  steps,
  mean,
  longest,
}: TokenPlan): string {
  const how =
    by === "tokenizer"
      ? `by the model's tokenizer, ${sampledRows} rows`
      : `by characters, ${charsPerToken} to a token, as the tokenizer is not here`;
  const padding = epoch.withPadding / epoch.tokens - 1;
  return [
    `${thousands(epoch.tokens)} an epoch (${how}), ${thousands(mean)} a row, up to ${thousands(longest)}`,
    `${percent(padding)} more with padding`,
    ...(cutShare > 0 ? [`${percent(cutShare)} of the rows are ${tooLong === "cut" ? "cut" : "left out"}`] : []),
    `${rounded(epochs)} ${rounded(epochs) === "1" ? "epoch" : "epochs"}, ${steps} steps`,
  ].join("; ");
}

const basisWords: Record<TimePlan["basis"], string> = {
  "measured cards": "from speeds measured on this kind of GPU",
  "other cards": "no speeds of this GPU were published: from its datasheet and those of others",
  cpu: "a CPU's speed is a guess: half to double",
};

function speedWords({ tokensPerSecond, step, utilisation, basis, corrected }: TimePlan): string {
  const from = corrected ? `corrected by ${corrected.runs} runs here` : basisWords[basis];
  return `${thousands(tokensPerSecond)} tokens/s, ${span(step.mid)} a step, ${percent(utilisation)} of what it could compute; ${from}`;
}

function networkWords({ base, environment, total, seconds, bandwidth }: HardwareEstimate["network"]): string {
  if (total === 0) return "nothing to fetch";
  const parts = [
    ...(base > 0 ? [`base ${gb(base)}`] : []),
    ...(environment > 0 ? [`environment ${gb(environment)}`] : []),
  ];
  return `${gb(total)} to fetch (${parts.join(", ")}), ${span(seconds)} at ${Math.round(bandwidth / 1e6)} MB/s (FT_DOWNLOAD_MB_PER_S says how fast)`;
}

function diskWords({ cache, run, total, merged, free, short }: HardwareEstimate["disk"]): string {
  const parts = [
    ...(cache.base > 0 ? [`base ${gb(cache.base)}`] : []),
    ...(cache.environment > 0 ? [`environment ${gb(cache.environment)}`] : []),
    `checkpoints ${gb(run.checkpoints + run.checkpoint)} (${gb(run.checkpoint)} each, one more while it is written)`,
    `result ${gb(run.result)}`,
    `rows ${gb(run.data)}`,
  ];
  const freeWords =
    short ?? (free.project === null ? null : `${gb(free.project)} free ${free.on ? `on ${free.on}` : "here"}`);
  return `${gb(total)}: ${parts.join(", ")}${freeWords ? `; ${freeWords}` : ""}. A merged copy would take ${gb(merged)}`;
}

function costWords({ usd, rates, gpus, ageDays }: CostPlan): string {
  const { low, mid, high } = rates;
  const each = gpus > 1 ? ` for each of ${gpus} GPUs` : "";
  const rate = ({ provider, kind, usdHour, date }: CostPlan["rates"]["mid"]): string =>
    `${dollars(usdHour)}/h ${provider} ${kind}${date === null ? ", undated" : `, ${date}`}`;
  const isOne = low.usdHour === high.usdHour;
  const others = isOne ? "" : `; cheapest ${rate(low)}; dearest ${rate(high)}`;
  return `${dollars(usd.mid)} (${dollars(usd.low)} to ${dollars(usd.high)}) at ${rate(mid)}${each}${others}${ageWords(ageDays)}`;
}

function ageWords(ageDays: number | null): string {
  if (ageDays === null) return "; the price has no date: ask before you rent";
  return ageDays > oldPriceDays ? `; the price is ${ageDays} days old: ask before you rent` : "";
}

const limitNames = { usd: "dollars", hours: "hours", disk_gb: "GB of disk" };

function budgetWords({ checks }: BudgetPlan): string {
  return checks
    .map(({ limit, allowed, estimate, verdict }) => {
      const figures = estimate ? ` (about ${digits(estimate.mid)}, at most ${digits(estimate.high)})` : "";
      return `${verdict}: ${allowed} ${limitNames[limit]}${figures}`;
    })
    .join("; ");
}

/** What fits and has a price, cheapest first; what else fits is named below. */
function costTable({ plans, estimates }: RecipePlan, warnings: Note[]): Table {
  const fitting = estimates
    .map((estimate, index) => ({ ...estimate, ...{ verdict: plans[index]!.verdict, gpu: gpuName(plans[index]!) } }))
    .filter(({ verdict }) => verdict !== "does not fit");
  const priced = fitting.filter(({ cost }) => cost !== null).toSorted((a, b) => a.cost!.usd.mid - b.cost!.usd.mid);
  const unpriced = fitting.filter(({ cost }) => cost === null);
  const old = priced.filter(({ cost }) => cost!.ageDays === null || cost!.ageDays > oldPriceDays).length;
  const [first] = priced;
  const notes = [
    first === undefined
      ? "nothing of it fits and has a price"
      : `cheapest in all: ${first.gpu}, about ${dollars(first.cost!.usd.mid)}. The middle of the on-demand prices is taken for $; low and high take the cheapest and the dearest`,
    ...(old > 0
      ? [`${old} of these prices have no date or are older than ${oldPriceDays} days: ask before you rent`]
      : []),
    ...(unpriced.length > 0
      ? [`fits too, without a price or a speed: ${unpriced.map(({ gpu }) => gpu).join(", ")}`]
      : []),
  ];
  return {
    kind: "table",
    title: "what fits, cheapest first",
    columns: [{ head: "GPU" }, ...["time", "$/h", "$", "low", "high"].map(right), { head: "price" }],
    rows: priced.map(({ gpu, time, cost }) => ({
      cells: [
        gpu,
        span(time!.total.mid),
        cost!.rates.mid.usdHour.toFixed(2),
        cost!.usd.mid.toFixed(2),
        cost!.usd.low.toFixed(2),
        cost!.usd.high.toFixed(2),
        `${cost!.rates.mid.provider}${cost!.rates.mid.kind === "on-demand" ? "" : ` ${cost!.rates.mid.kind}`}, ${cost!.rates.mid.date ?? "undated"}`,
      ],
    })),
    notes: [...notes.map((text) => ({ text })), ...warnings],
  };
}

/** One line before a run: "about 12 min (8 min to 20 min), $0.41 ($0.20 to $0.90); 3.2 GB to fetch, 1.1 GB of disk". */
export function estimateLine({ time, timeUnknown, cost, network, disk }: HardwareEstimate): string {
  const money = cost ? `, ${dollars(cost.usd.mid)} (${dollars(cost.usd.low)} to ${dollars(cost.usd.high)})` : "";
  const duration = time
    ? `about ${span(time.total.mid)} (${span(time.total.low)} to ${span(time.total.high)})`
    : `an unknown time (${timeUnknown})`;
  return `${duration}${money}; ${network.total > 0 ? `${gb(network.total)} to fetch` : "nothing to fetch"}, ${gb(disk.total)} of disk${disk.short ? ` (${disk.short})` : ""}`;
}

/** 0.4 -> "0.4 s", 95 -> "1 min 35 s" -> as people say it, two figures at most. */
function span(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${(seconds / 60).toFixed(seconds < 600 ? 1 : 0)} min`;
  if (seconds < 48 * 3600) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86_400).toFixed(1)} days`;
}

function gb(bytes: number): string {
  if (bytes < 1e6) return `${Math.max(0.1, bytes / 1e6).toFixed(1)} MB`;
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

function dollars(value: number): string {
  return `$${value >= 100 ? Math.round(value) : value.toFixed(2)}`;
}

function digits(value: number): string {
  return Number(value.toPrecision(3)).toString();
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

function thousands(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

function rounded(value: number): string {
  return Number(value.toFixed(2)).toString();
}
