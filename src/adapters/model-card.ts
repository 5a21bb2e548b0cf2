// README.md of an adapter: what it was made from, under which terms, what it is worth, and how to load it. Metadata as the Hub's model cards have it.
import { basename } from "node:path";
import { stringify } from "yaml";
import { findHubId } from "../models/catalogue.js";
import { type Licence, licenceOf } from "../models/licences.js";
import { visibleLine } from "../report/visible.js";
import { isLocalBase, type Lineage } from "./lineage.js";

/** A metric of a suite, with its 95 % interval. */
export interface SuiteScore {
  suite: string;
  metric: string;
  format: "number" | "percent";
  mean: number;
  low: number;
  high: number;
  n: number;
  /** Null: the base was not evaluated on it. */
  base: number | null;
}

/** `lineage`: with its sources, as the file beside the weights has it. `repo`: where it will lie on the Hub; null: the reader puts in a folder. */
export function modelCard(lineage: Lineage, repo: string | null, suites: readonly SuiteScore[]): string {
  const { name, version } = lineage;
  const known = findHubId(lineage.base.id);
  const licence = known ? licenceOf(known) : null;
  const sections = [
    `# ${name}, version ${version}`,
    summary(lineage),
    `## How to load it\n\n${loading(lineage, repo)}`,
    `## Evaluation\n\n${evaluation(lineage, suites)}`,
    `## Data\n\n${data(lineage)}`,
    `## Licence\n\n${terms(lineage, licence)}`,
    `## Lineage\n\n${origin(lineage)}`,
  ];
  return `---\n${stringify(metadata(lineage, licence))}---\n\n${sections.join("\n\n")}\n`;
}

/** Licences that the Hub knows by these very names; others are "other" with a name. */
const hubLicences = ["apache-2.0", "mit", "llama3.1", "llama3.2", "llama3.3", "llama4", "gemma"];

/** https://huggingface.co/docs/hub/model-cards: `base_model_relation: adapter` makes the Hub list it below its base. */
function metadata({ method, base, engine }: Lineage, licence: Licence | null): Record<string, unknown> {
  const isAdapter = method !== "full";
  const isOnHub = licence !== null && hubLicences.includes(licence.id);
  return {
    ...(!isLocalBase(base.id) && { base_model: base.id, base_model_relation: isAdapter ? "adapter" : "finetune" }),
    library_name: isAdapter ? "peft" : "transformers",
    ...(licence && isOnHub ? { license: licence.id } : {}),
    ...(licence && !isOnHub ? { license: "other", license_name: licence.id } : {}),
    tags: ["ft", engine.name, method],
  };
}

function summary({ base, method, engine, createdAt }: Lineage): string {
  const day = new Date(createdAt).toISOString().slice(0, 10);
  return `${method === "full" ? "A full fine-tune" : `An adapter (${method})`} of ${baseName(base)}, trained by ft with ${engine.name} ${engine.version} on ${day}.`;
}

function loading({ method, base, version }: Lineage, repo: string | null): string {
  const where = JSON.stringify(repo ?? "path/to/this/folder");
  const pin = repo ? `, revision="v${version}"` : "";
  const lines =
    method === "full"
      ? [
          "from transformers import AutoModelForCausalLM, AutoTokenizer",
          "",
          `model = AutoModelForCausalLM.from_pretrained(${where}${pin})`,
        ]
      : [
          "from peft import PeftModel",
          "from transformers import AutoModelForCausalLM, AutoTokenizer",
          "",
          `base = AutoModelForCausalLM.from_pretrained(${JSON.stringify(isLocalBase(base.id) ? `path/to/${basename(base.id)}` : base.id)}${/^[0-9a-f]{40}$/.test(base.revision) ? `, revision=${JSON.stringify(base.revision)}` : ""})`,
          `model = PeftModel.from_pretrained(base, ${where}${pin})`,
        ];
  return fenced("python", [...lines, `tokenizer = AutoTokenizer.from_pretrained(${where}${pin})`]);
}

/** A folder of the machine that it was trained on: nothing that a reader could load, and nothing that they should know. */
function baseName({ id }: Lineage["base"]): string {
  return isLocalBase(id) ? `${text(basename(id))} (a folder of its maker's)` : text(id);
}

function evaluation({ comparison }: Lineage, suites: readonly SuiteScore[]): string {
  const parts = [
    ...(comparison && comparison.length > 0 ? [heldOut(comparison)] : []),
    ...(suites.length > 0 ? [onSuites(suites)] : []),
  ];
  return parts.length === 0 ? "It was not evaluated." : parts.join("\n\n");
}

function onSuites(suites: readonly SuiteScore[]): string {
  const rows = suites.map(({ suite, metric, format, mean, low, high, n, base }) => {
    const show = (value: number): string => number(value, format);
    return [
      suite,
      metric,
      base === null ? "not evaluated" : show(base),
      show(mean),
      `${show(low)} to ${show(high)}`,
      n,
    ];
  });
  const head = ["suite", "metric", "base", "this", "95 % interval", "items"];
  return `On suites. The interval is that of this version's value.\n\n${table(head, rows)}`;
}

function heldOut(comparison: NonNullable<Lineage["comparison"]>): string {
  const rows = comparison.map(({ metric, base, adapter, difference, low, high, n, format }) => {
    const show = (value: number): string => number(value, format);
    return [metric, show(base), show(adapter), show(difference), `${show(low)} to ${show(high)}`, n];
  });
  return [
    "Base and adapter on the same held-out examples. The interval is that of the difference, paired by example.",
    "",
    table(["metric", "base", "this", "difference", "95 % interval", "examples"], rows),
  ].join("\n");
}

function data({ dataSha256, sources }: Lineage): string {
  const hash = `Training rows, canonical and in order: sha256 \`${dataSha256}\`.`;
  if (!sources || Object.keys(sources).length === 0) return hash;
  const rows = Object.entries(sources).map(([path, { rows, sha256 }]) => [path, rows, `\`${sha256}\``]);
  return `${hash} Files read, for training and evaluation:\n\n${table(["source", "rows", "sha256"], rows)}`;
}

function terms({ base }: Lineage, licence: Licence | null): string {
  if (!licence)
    return `The licence of ${baseName(base)} is not in ft's catalogue: look at the base's own page before you pass this on.`;
  const inherits = {
    yes: "An adapter stays under these terms.",
    no: "An adapter may carry another licence when the base's notices are kept.",
    restrictions: "An adapter stays under its use restrictions.",
  }[licence.inherits];
  const conditions = licence.conditions.map((condition) => `- ${condition}`).join("\n");
  return `${baseName(base)} is under the ${licence.name}. ${inherits} Attribution: ${licence.attribution}.\n\n${conditions}\n\nIn plain words, no legal advice.`;
}

function origin({ base, templateSha256, engine, git, run, method, files }: Lineage): string {
  const facts: [string, string][] = [
    ["base", isLocalBase(base.id) ? basename(base.id) : base.id],
    ["base revision", base.revision],
    ["method", method],
    ["engine", `${engine.name} ${engine.version}`],
    ["chat template", templateSha256 ? `sha256 ${templateSha256}` : "none"],
    ["run", run],
    ["recipe in git", git ? `${git.commit}${git.dirty ? ", with uncommitted changes" : ""}` : "not in a repository"],
  ];
  const sums = files.map(({ path, bytes, sha256 }) => [path, bytes, `\`${sha256}\``]);
  return `${table(["", ""], facts)}\n\n${table(["file", "bytes", "sha256"], sums)}`;
}

function number(value: number, format: "number" | "percent"): string {
  if (!Number.isFinite(value)) return "unknown";
  return format === "percent" ? `${(value * 100).toFixed(1)} %` : String(Number(value.toPrecision(4)));
}

function table(head: string[], rows: (string | number)[][]): string {
  const line = (cells: (string | number)[]): string => `| ${cells.map((cell) => text(String(cell))).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Names of files and models are the writer's: they must not become markup of the card. */
function text(value: string): string {
  return visibleLine(value).replace(/[|<>]/g, (mark) => `\\${mark}`);
}

function fenced(language: string, lines: string[]): string {
  return ["```".concat(language), ...lines, "```"].join("\n");
}
