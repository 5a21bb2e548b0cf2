// How adapters look on a terminal: the list, one in full, and the checks of one.
import type { Check } from "../../adapters/lora-checks.js";
import type { RegisteredAdapter } from "../../adapters/registry.js";
import type { ComparisonRow } from "../../eval/comparison.js";
import { plainTable } from "./plain-table.js";

/** One line an adapter, base -> adapter for what was measured. Ends with a newline. */
export function adapterTable(adapters: RegisteredAdapter[]): string {
  const columns = ["adapter", "method", "base", "loss", "exact match", "run", "created"].map((head) => ({ head }));
  const rows = adapters.map(({ name, version, method, base, comparison, run, createdAt }) => {
    const cell = (metric: string): string => fromTo(comparison?.find((row) => row.metric === metric));
    return [`${name}@${version}`, method, base.id, cell("loss"), cell("exact_match"), run, minute(createdAt)];
  });
  return `${plainTable(columns, rows).join("\n")}\n`;
}

/** Everything about one adapter but its comparison. `baseModel`: the folder or id that loads the base. Ends with a newline. */
export function adapterDetails(adapter: RegisteredAdapter): string {
  const { name, version, base, engine, git, files } = adapter;
  const lines: [string, string][] = [
    ["method", adapter.method],
    ["base", `${base.id} at ${base.revision}`],
    ["run", adapter.run],
    ["created", `${minute(adapter.createdAt)} UTC`],
    ["engine", `${engine.name} ${engine.version}`],
    ["data", `sha256 ${adapter.dataSha256}`],
    ["template", adapter.templateSha256 ? `sha256 ${adapter.templateSha256}` : "none"],
    ["git", git ? `${git.commit}${git.dirty ? ", with uncommitted changes" : ""}` : "no repository"],
    ["folder", adapter.dir],
  ];
  const text = lines.map(([label, value]) => `  ${label.padEnd(10)}${value}\n`).join("");
  const width = Math.max(...files.map(({ path }) => path.length));
  const list = files
    .map(({ path, bytes, sha256 }) => `    ${path.padEnd(width)}  ${size(bytes)}  ${sha256}\n`)
    .join("");
  return `${name}@${version}\n${text}  files\n${list}`;
}

/** Python that loads the adapter. `baseModel`: the folder or hub id of its base. Ends with a newline. */
export function loadingHint({ method, dir, base }: RegisteredAdapter, baseModel: string): string {
  const revision = baseModel === base.id ? `, revision=${JSON.stringify(base.revision)}` : "";
  const load = `AutoModelForCausalLM.from_pretrained`;
  const code =
    method === "full"
      ? ["from transformers import AutoModelForCausalLM", `model = ${load}(${JSON.stringify(dir)})`]
      : [
          "from peft import PeftModel",
          "from transformers import AutoModelForCausalLM",
          `base = ${load}(${JSON.stringify(baseModel)}${revision})`,
          `model = PeftModel.from_pretrained(base, ${JSON.stringify(dir)})`,
        ];
  return `Load it in Python:\n${code.map((line) => `  ${line}\n`).join("")}`;
}

/** One line a check, then the verdict. Ends with a newline. */
export function checkLines(what: string, checks: Check[]): string {
  const lines = checks.map(
    ({ check, ok, message }) => `${ok ? "ok    " : "FAILED"}  ${check.padEnd(11)}  ${message}\n`,
  );
  const failed = checks.filter(({ ok }) => !ok).length;
  return `${lines.join("")}${what}: ${failed === 0 ? "all checks passed" : `${failed} of ${checks.length} checks failed`}\n`;
}

function fromTo(row: ComparisonRow | undefined): string {
  if (!row) return "-";
  const text = (value: number): string =>
    row.format === "percent" ? `${(value * 100).toFixed(0)} %` : value.toPrecision(3);
  return `${text(row.base)} -> ${text(row.adapter)}`;
}

function minute(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 16).replace("T", " ");
}

function size(bytes: number): string {
  const text = bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  return text.padStart(9);
}
