// One model in full: facts, licence in plain words, GPU memory by method, and how to start.
import type { Licence } from "../../models/licences.js";
import type { ModelCard } from "../../models/model-card.js";
import type { MemorySummary } from "../../plan/smallest.js";
import { gibibytes } from "./models.js";
import { oneLine, wrapWords } from "./one-line.js";
import { plainTable } from "./plain-table.js";

type Line = [label: string, text: string | null];

type MemoryByMethod = Record<"qlora" | "lora" | "full", MemorySummary>;

/** Lines of at most `width` columns. Ends with a newline. */
export function modelText(card: ModelCard, memory: MemoryByMethod, width: number): string {
  const parts = [
    card.alias ? `${card.alias}  ${card.id}` : card.id,
    labelled(facts(card), width),
    labelled(licenceLines(card), width),
    memoryTable(memory, card.shape.experts > 0, width),
    labelled(
      [
        ["start with", startWith(card, memory)],
        ["also typed", alsoTyped(card)],
      ],
      width,
    ),
  ];
  return `${parts.join("\n\n")}\n`;
}

function facts(card: ModelCard): Line[] {
  const { shape, activeParamsB, maxContext, templateFamily, eosToken, endOfTurnToken } = card;
  const moe = shape.experts > 0 ? `, ${shape.experts} experts of which ${shape.expertsPerToken} a token` : "";
  const active = activeParamsB < shape.paramsB ? `, ${amount(activeParamsB)} active` : "";
  return [
    [
      "parameters",
      `${amount(shape.paramsB)}${active}${card.multimodal ? " (multimodal; ft trains its text side)" : ""}`,
    ],
    [
      "shape",
      `${shape.family}: ${shape.layers} layers, width ${shape.hidden}, MLP ${shape.intermediate}${moe}, ${shape.heads} heads (${shape.kvHeads} for keys), vocabulary ${shape.vocab}`,
    ],
    ["context", maxContext === null ? "not stated" : `${maxContext.toLocaleString("en-US")} tokens`],
    ["template", template(templateFamily, card.dir !== null)],
    ["end of turn", endOfTurnToken ?? (templateFamily === "none" ? "none" : card.dir ? "not stated" : unknown)],
    ["end of text", eosToken ?? (card.dir ? "not stated" : unknown)],
    ["origin", card.origin && `${card.origin}, released ${card.released}`],
    ["gated", gated(card)],
    ...whereabouts(card),
    ["facts from", card.source],
  ];
}

/** 8.03 -> "8.03 billion", 0.134515 -> "135 million". */
function amount(billions: number): string {
  if (billions >= 1) return `${Number(billions.toFixed(3))} billion`;
  return billions >= 0.001 ? `${Math.round(billions * 1e3)} million` : `${Math.round(billions * 1e6)} thousand`;
}

const unknown = "known once it is downloaded";

function template(family: string | null, isHere: boolean): string {
  if (family === "none") return "none (a base model: chat rows need ft init --template, such as chatml)";
  return family ?? (isHere ? "one that ft has no name for" : unknown);
}

function gated({ gated, id }: ModelCard): string | null {
  if (gated === null) return null;
  return gated ? `yes: accept the licence on the Hub's page of ${id}, then set HF_TOKEN` : "no";
}

function whereabouts({ dir, missing, shape }: ModelCard): Line[] {
  const gigabytes = Math.max(0.1, shape.paramsB * 2).toFixed(shape.paramsB < 5 ? 1 : 0);
  if (dir === null) return [["here", `not downloaded; ft run fetches it (about ${gigabytes} GB in bf16)`]];
  return [
    ["here", dir],
    ["", missing.length > 0 ? `not trainable as it is: missing ${missing.join("; ")}` : null],
  ];
}

function licenceLines({ licence, licenceNote, euClause, id, dir }: ModelCard): Line[] {
  if (!licence) {
    const where = dir === id ? "what came with the folder" : `the Hub's page of ${id}`;
    return [["licence", `not known to ft: read ${where}`]];
  }
  return [
    ["licence", `${licence.name}${licence.spdx ? ` (${licence.spdx})` : ""}`],
    ["commercial", { yes: "yes", no: "no", conditions: "yes, on conditions" }[licence.commercial]],
    ["user cap", licence.user_cap === null ? "none" : `${licence.user_cap / 1e6} million monthly active users`],
    [
      "EU clause",
      euClause ? "yes: grants no rights in this model to people and companies of the EU" : "none for this model",
    ],
    ["attribution", licence.attribution],
    ["adapters", inheritance[licence.inherits]],
    ...[...licence.conditions, ...(licenceNote ? [licenceNote] : [])].map((text): Line => ["", `- ${text}`]),
    ["", `No legal advice: read the licence. ${evidence(licence)}`],
  ];
}

const inheritance = {
  yes: "inherit the licence: it holds for an adapter trained on this model too",
  no: "do not inherit the licence; merged weights keep the notices",
  restrictions: "inherit the use restrictions",
};

function evidence({ evidence, source }: Licence): string {
  return evidence === "read" ? `Summarised from ${source}.` : `Summarised without the whole text (${source}).`;
}

function memoryTable(memory: MemoryByMethod, keepsExperts: boolean, width: number): string {
  const heads = ["GPU memory, GiB", "weights", "states", "activations", "logits", "step", "overhead", "total"];
  const rows = (["qlora", "lora", "full"] as const).map((method) => {
    const { weights, adapter, gradients, optimizer, activations, logits, optimizerStep, overhead, total } =
      memory[method];
    const states = adapter + gradients + optimizer;
    return [`  ${method}`, ...[weights, states, activations, logits, optimizerStep, overhead, total].map(gibibytes)];
  });
  const columns = heads.map((head, index) => ({ head, align: index === 0 ? ("left" as const) : ("right" as const) }));
  const note =
    "An estimate for one GPU: 1 row of 1,024 tokens, gradient checkpointing, rank 16. States: adapter, gradients, AdamW's moments. " +
    "Step: what AdamW takes once activations and logits are gone; the total counts the larger of the two. Overhead: what the allocator and CUDA take. ft plan counts your own recipe." +
    (keepsExperts ? " The experts stay in bf16 with qlora, which quantises linear layers only." : "");
  return [...plainTable(columns, rows), ...wrapWords(note, width, 6)].join("\n");
}

/** LoRA where it fits a GPU of 16 GiB or QLoRA saves next to nothing, else QLoRA. */
function startWith({ asked, alias, notice }: ModelCard, memory: MemoryByMethod): string {
  const isLoraFine = memory.lora.total <= Math.max(16, 1.1 * memory.qlora.total);
  const method = isLoraFine ? "lora" : "qlora";
  return `ft init --base ${notice ? alias : asked} --method ${method}`;
}

function alsoTyped({ typedInstead }: ModelCard): string | null {
  if (typedInstead.length === 0) return null;
  return `${typedInstead.join(", ")}: no such ${typedInstead.length === 1 ? "model exists" : "models exist"}, and ft says so and uses this one`;
}

/** A label, then its text wrapped beside it; lines without a text are left out. A path is never cut. */
function labelled(lines: Line[], width: number): string {
  const indent = 15;
  const wrap = (text: string): string[] =>
    text.includes(" ") ? wrapWords(text, width - indent - 2, 20) : [oneLine(text)];
  return lines
    .flatMap(([label, text]) =>
      (text === null ? [] : wrap(text)).map((line, index) => {
        const hang = index > 0 && text?.startsWith("- ") ? "  " : "";
        return `  ${(index === 0 ? label : "").padEnd(indent - 2)}${hang}${line}`;
      }),
    )
    .join("\n");
}
