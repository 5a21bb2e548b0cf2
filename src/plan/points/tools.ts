// Habits of the tools that peaks were measured with: what each does to memory that its settings don't say. One row a tool, found by the engine's name.
import { engineDefaults } from "../engine-defaults.js";
import type { Bytes, Habits, Kernels, Loss } from "../memory/setting.js";
import type { Point } from "./read-points.js";

export interface Tool {
  name: string;
  /** Of the row's engine. */
  is: RegExp;
  loss: Loss;
  /** Of chunks or kernels, where the row says that the loss is fused. */
  fusedLoss: Loss;
  layer: Kernels["layer"];
  habits: Partial<Habits>;
  /** Of a quantised base's embeddings, head, norms; and so the residual stream. */
  raisesUnquantised: boolean;
  /** torch's AdamW in one pass over all parameters, with its temporary. */
  foreach: boolean;
  adapterBytes: Bytes | Record<"lora" | "qlora", Bytes>;
  dropout: boolean;
  /** The head has its own weights even where the model ties it. */
  unties: boolean;
  /** Without packing lengths differ from batch to batch; false: rows are padded or made to one length. */
  varies: boolean;
  /** Mixed precision keeps what it trains, and under FSDP so its shards, in fp32. */
  fsdpMasters: boolean;
}

/** Bytes of one logit that exist together, by how the tool computes the loss. */
const bytesPerLogit = {
  /** transformers since 4.46: bf16 logits (held as the output), their fp32 copy or its gradient, the log-softmax. */
  transformers: 2 + 4 + 4,
  /** transformers before: fp32 logits, a shifted copy, the log-softmax. */
  shifted: 4 + 4 + 4,
  /** The same with a kernel that writes the gradient over the logits (Unsloth's, which fms-acceleration took). */
  shiftedInPlace: 4 + 4,
  /** Models of their own code that leave the cast to autocast: bf16 logits and shifted copy, fp32 copy, log-softmax, fp32 output, gradient. */
  uncast: 2 + 2 + 4 + 4 + 4 + 2,
  /** The same with a kernel that writes the gradient over the logits. */
  uncastInPlace: 2 + 2 + 4 + 4 + 2,
  /** Lightning's precision plugin casts the output to fp32: that, the log-softmax, its gradient. */
  lightning: 4 + 4 + 4,
  /** torchtune: bf16 logits, fp32 copy, log-softmax, gradient. */
  torchtune: 2 + 4 + 4 + 4,
  /** torchtune in 8 chunks: the bf16 logits of all, the rest of one. */
  torchtuneChunked: 2 + (4 + 4 + 4) / 8,
};

const whole = (bytes: number): Loss => ({ kind: "whole", bytesPerLogit: bytes });

const transformers: Tool = {
  name: "transformers",
  is: /./,
  loss: whole(bytesPerLogit.transformers),
  fusedLoss: { kind: "fused" },
  layer: "eager",
  habits: {},
  raisesUnquantised: false,
  foreach: true,
  adapterBytes: 4,
  dropout: false,
  unties: false,
  varies: true,
  fsdpMasters: true,
};

const tools: Tool[] = [
  {
    ...transformers,
    name: "fms-acceleration",
    is: /^fms/,
    loss: whole(bytesPerLogit.shifted),
    dropout: true,
    varies: false,
  },
  {
    ...transformers,
    name: "litgpt",
    is: /lit-?gpt/i,
    loss: whole(bytesPerLogit.lightning),
    fusedLoss: whole(bytesPerLogit.lightning),
    adapterBytes: 2,
    dropout: true,
    unties: true,
    fsdpMasters: false,
    habits: {
      ...{ keepsFusedQkv: true, repeatsKeys: true, keepsQuantisedInputs: true, quantisesHead: true },
      loadsWhole: true,
      // bitsandbytes' StableEmbedding is made beside the model's, and gets a gradient that nothing clears.
      embeddingCopies: 2,
    },
  },
  {
    ...transformers,
    name: "torchtune",
    is: /torchtune/i,
    loss: whole(bytesPerLogit.torchtune),
    adapterBytes: 2,
    foreach: false,
    fsdpMasters: false,
    habits: { repeatsKeys: true },
  },
  {
    ...transformers,
    name: "fsdp_qlora",
    is: /fsdp_qlora/i,
    loss: whole(bytesPerLogit.shifted),
    adapterBytes: 2,
    dropout: true,
    varies: false,
    habits: { holdsLogits: true },
  },
  {
    ...transformers,
    name: "ms-swift 1",
    is: /ms-swift 1/i,
    loss: whole(bytesPerLogit.uncast),
    raisesUnquantised: true,
    dropout: true,
  },
  {
    ...transformers,
    name: "Qwen's finetune.py",
    is: /qwen finetune/i,
    loss: whole(bytesPerLogit.uncast),
    dropout: true,
    varies: false,
  },
  { ...transformers, name: "llama-recipes", is: /llama-recipes/i, loss: whole(bytesPerLogit.shifted), dropout: true },
  {
    ...transformers,
    name: "ft with TRL",
    is: /^ft, TRL/,
    loss: engineDefaults.trl.loss,
    adapterBytes: engineDefaults.trl.adapterBytes,
    varies: false,
  },
  {
    ...transformers,
    name: "ft with Unsloth",
    is: /^ft, Unsloth/,
    loss: engineDefaults.unsloth.loss,
    layer: engineDefaults.unsloth.layer,
    varies: false,
  },
  { ...transformers, name: "unsloth", is: /unsloth/i, layer: "fused", loss: { kind: "fused" } },
  { ...transformers, name: "axolotl", is: /axolotl/i, fusedLoss: { kind: "cut" }, raisesUnquantised: true },
];

export function toolOf(engine: string): Tool {
  return tools.find(({ is }) => is.test(engine)) ?? transformers;
}

/** What a row's note adds to its columns: settings that no column has, in the words of the collection. */
export interface Said {
  loss: Loss | null;
  layer: Kernels["layer"] | null;
  raisesUnquantised: boolean;
  dora: boolean;
  gathersAll: boolean;
  /** Tokens of the longest row; null: what the column says. */
  longestTokens: number | null;
  /** Forward passes of an optimizer step. */
  accumulation: number;
  /** Tokens of the data's mean row, uncut. */
  meanTokens: number | null;
}

export function saidInNote({ note, model, compute_dtype }: Pick<Point, "note" | "model" | "compute_dtype">): Said {
  const fusesKernels = /framework_config=\S*(foak|fast-kernels)/.test(note);
  const rung = rungOf(note);
  // transformers' GPTBigCode hands bf16 logits to the loss, and accelerate casts its output.
  const isUncast = /bigcode/i.test(model) && /autocast/.test(compute_dtype);
  const isCompiled = rung >= 1 || (rung < 0 && /torch\.compile/.test(note));
  const mean = /dataset lengths [^(]*\(mean (\d+)\)/.exec(note)?.[1];
  const characters = /text capped at (\d+) char/.exec(note)?.[1];
  return {
    loss: fusesKernels
      ? whole(isUncast ? bytesPerLogit.uncastInPlace : bytesPerLogit.shiftedInPlace)
      : rung >= 2
        ? whole(bytesPerLogit.torchtuneChunked)
        : isUncast
          ? whole(bytesPerLogit.uncast)
          : null,
    layer: fusesKernels ? "fused" : isCompiled ? "compiled" : null,
    raisesUnquantised: /upcasts non-quantised params to fp32/.test(note),
    dora: /\bDoRA\b/.test(note),
    gathersAll: /limit_all_gathers=False/.test(note),
    accumulation: Number(/(\d+) passes a step/.exec(note)?.[1] ?? 1),
    meanTokens: mean ? Number(mean) : null,
    longestTokens: characters ? Number(characters) / charactersPerToken : null,
  };
}

/** torchtune's table of optimisations adds one a row to those of the rows before; -1: another table. */
function rungOf(note: string): number {
  if (!note.includes("cumulative table")) return -1;
  const added = note.split("one-decimal GiB;").at(-1) ?? "";
  return ladder.findLastIndex((words) => words.test(added));
}

const ladder = [/packed/, /compile/, /(?<!un)chunked CE/, /checkpointing|optimizer_in_bwd|offloading|8-bit|LoRA/];

/** Of English prose and arithmetic; fewer than the usual 4, as numbers take more tokens. */
const charactersPerToken = 3;
