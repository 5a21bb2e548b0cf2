// From a measured row to the setting that the estimate takes. Columns first, then the habits of the tool, then what is usual.
import type { WeightGroup } from "../../models/weight-groups.js";
import type {
  AdapterSetting,
  Bytes,
  Loss,
  MemorySetting,
  Method,
  OptimizerSetting,
  Parallelism,
  Precision,
  Quantisation,
  Sharding,
} from "../memory/setting.js";
import { plainHabits } from "../memory/setting.js";
import type { Point } from "./read-points.js";
import { shapeOfPoint } from "./shape-of-point.js";
import { type Said, saidInNote, type Tool, toolOf } from "./tools.js";

/** Null when the row does not say which model it is. */
export function settingOfPoint(point: Point): MemorySetting | null {
  const found = shapeOfPoint(point);
  if (found === null) return null;
  const tool = toolOf(point.engine);
  const said = saidInNote(point);
  const shape = tool.unties ? { ...found, tiedEmbeddings: false } : found;
  const method = methodOf(point);
  const tokens = Math.min(point.seq_len ?? usualTokens, said.longestTokens ?? Number.POSITIVE_INFINITY);
  const sharding = { ...shardingOf(point), gathersAll: said.gathersAll };
  const quantisation = method === "qlora" ? quantisationOf(point.weights_dtype) : null;
  const raises =
    quantisation !== null &&
    sharding.gpus === 1 &&
    quantisation.startsWith("nf4") &&
    (tool.raisesUnquantised || said.raisesUnquantised);
  return {
    ...{ shape, method, quantisation, sharding },
    adapter: method === "full" ? null : adapterOf(point, tool, said),
    precision: precisionOf(point, { tool, method, sharding, raises }),
    optimizer: optimizerOf(point, tool),
    batch: {
      rows: point.micro_batch ?? 1,
      tokens,
      accumulation: said.accumulation,
      meanShare: tool.varies && !point.packing ? Math.min(evenlySpread, (said.meanTokens ?? tokens) / tokens) : null,
      sharedBy: 1,
    },
    checkpointing: {
      layers: point.grad_checkpointing ?? true,
      offloaded: /activations/.test(point.offload),
    },
    kernels: {
      attention: attentionOf(point.attention),
      layer: said.layer ?? (point.fused_ce && tool.fusedLoss.kind === "fused" ? "fused" : tool.layer),
    },
    loss: lossOf(point, tool, said),
    habits: {
      ...plainHabits,
      ...tool.habits,
      embeddingCopies: method === "qlora" ? (tool.habits.embeddingCopies ?? 0) : 0,
      keepsQuantisedInputs: method === "qlora" && (tool.habits.keepsQuantisedInputs ?? false),
      raisesUnquantised: raises,
    },
  };
}

/** Lengths up to the longest, each as often. */
const evenlySpread = 0.5;

/** Of a row that does not say. */
const usualTokens = 512;

function methodOf({ method }: Point): Method {
  if (/^qlora|4bit|8bit/i.test(method)) return "qlora";
  return /lora|dora/i.test(method) ? "lora" : "full";
}

function quantisationOf(dtype: string): Quantisation {
  if (/int8|8bit/i.test(dtype)) return "int8";
  if (/int4|gptq|awq/i.test(dtype)) return "int4";
  // torchao packs the constants twice, like bitsandbytes' nf4-dq.
  return /dq|torchao/i.test(dtype) ? "nf4-dq" : "nf4";
}

function precisionOf(
  { weights_dtype, compute_dtype }: Point,
  { tool, method, sharding, raises }: { tool: Tool; method: Method; sharding: Sharding; raises: boolean },
): Precision {
  const isWide = /^(fp32|float32)/i.test(weights_dtype);
  const compute = /fp32|float32/i.test(compute_dtype) ? 4 : 2;
  const isAutocast = /autocast|mixed/i.test(compute_dtype);
  const isShardedWide = isAutocast && tool.fsdpMasters && sharding.parallelism.startsWith("fsdp");
  const weights = isWide || (method === "full" && isShardedWide) ? 4 : 2;
  return {
    weights,
    compute,
    // FSDP casts what it gathers; autocast casts for the products alone, and layers add to what an fp32 embedding gave them.
    residual: raises || (weights === 4 && (method !== "full" || sharding.parallelism === "none")) ? 4 : 2,
    trained: method === "full" ? weights : isWide ? 4 : adapterBytesOf(tool, method),
    masters:
      /fp32 master/i.test(weights_dtype) ||
      (method === "full" && weights === 2 && sharding.parallelism.startsWith("zero")),
  };
}

function adapterBytesOf({ adapterBytes }: Tool, method: "lora" | "qlora"): Bytes {
  return typeof adapterBytes === "number" ? adapterBytes : adapterBytes[method];
}

function adapterOf({ lora_r, target_modules }: Point, tool: Tool, said: Said): AdapterSetting {
  return {
    rank: lora_r ?? 8,
    isTarget: targetsOf(target_modules),
    layers: null,
    dora: said.dora,
    dropout: tool.dropout,
    trainedModules: /trained in full/.test(target_modules) ? ["embed_tokens", "lm_head"] : [],
  };
}

/** The names of the collection: projections, modules of older models, "all-linear". */
function targetsOf(cell: string): AdapterSetting["isTarget"] {
  const names = cell
    .replace(/\+.*/, "")
    .split(/[\s,]+/)
    .filter(Boolean);
  const projections = new Set(names.flatMap((name) => moduleProjections[name.replace(/_proj$/, "")] ?? [name]));
  const isAll = names.includes("all-linear");
  return ({ kind, projections: of }: WeightGroup): boolean => {
    if (kind === "head") return projections.has("lm_head");
    if (kind !== "linear" && kind !== "expert") return false;
    return isAll || names.length === 0 ? of.length > 0 : of.some((projection) => projections.has(projection));
  };
}

const moduleProjections: Record<string, string[]> = {
  c_attn: ["q", "k", "v"],
  W_pack: ["q", "k", "v"],
  qkv: ["q", "k", "v"],
  query_key_value: ["q", "k", "v"],
  c_proj: ["o", "down"],
  w1: ["up"],
  w2: ["gate"],
  c_fc: ["up"],
  mlp: ["gate", "up", "down"],
};

function optimizerOf({ optimizer, parallelism }: Point, tool: Tool): OptimizerSetting {
  const is8Bit = /8bit|8-bit/i.test(optimizer);
  const isPaged = /paged/i.test(optimizer);
  const kind = isPaged
    ? is8Bit
      ? "paged_adamw_8bit"
      : "paged_adamw_32bit"
    : is8Bit
      ? "adamw_8bit"
      : /adafactor/i.test(optimizer)
        ? "adafactor"
        : /^sgd/i.test(optimizer)
          ? "sgd"
          : "adamw";
  const isFused = /fused/i.test(optimizer) || /^zero/.test(parallelism);
  return { kind, foreach: tool.foreach && !isFused, inBackward: /in_bwd|in_backward/i.test(optimizer) };
}

function shardingOf({ parallelism, num_gpus, offload }: Point): Omit<Sharding, "gathersAll"> {
  const names: Record<string, Parallelism> = {
    ...{ ddp: "ddp", fsdp: "fsdp1", fsdp1: "fsdp1", fsdp2: "fsdp2", zero1: "zero1", zero2: "zero2", zero3: "zero3" },
  };
  return {
    parallelism: names[parallelism.toLowerCase()] ?? "none",
    gpus: num_gpus ?? 1,
    offload: /^params/.test(offload) ? "params" : /^optim/.test(offload) ? "optimizer" : "none",
  };
}

function attentionOf(attention: string): MemorySetting["kernels"]["attention"] {
  return attention === "eager" ? "eager" : attention === "sdpa" ? "sdpa" : "flash";
}

function lossOf({ fused_ce }: Point, tool: Tool, said: Said): Loss {
  if (fused_ce) return tool.fusedLoss;
  return said.loss ?? tool.loss;
}
