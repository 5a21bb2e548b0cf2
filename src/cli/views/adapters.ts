// How adapters look on a terminal: the list, one in full, the history of its line, and the checks of one.
import type { AliasMove } from "../../adapters/aliases.js";
import type { Lineage } from "../../adapters/lineage.js";
import type { Check } from "../../adapters/lora-checks.js";
import type { Origin } from "../../adapters/pulled.js";
import type { RegisteredAdapter } from "../../adapters/registry.js";
import type { ComparisonRow } from "../../eval/comparison.js";
import { cut } from "./format.js";
import { oneLine, wrapWords } from "./one-line.js";
import { plainTable } from "./plain-table.js";

/** By line; one row a version, base -> adapter for what was measured. At most 80 columns where names are not long. Ends with a newline. */
export function adapterTable(adapters: RegisteredAdapter[]): string {
  const lines = [...new Set(adapters.map(({ name }) => name))];
  return lines.map((line) => lineTable(adapters.filter(({ name }) => name === line))).join("\n");
}

/** A base that differs from the newest version's stands in a column; else it is said once. */
function lineTable(versions: RegisteredAdapter[]): string {
  const { base } = versions[0]!;
  const areMixed = versions.some((other) => other.base.id !== base.id);
  const heads = ["adapter", "is", "method", ...(areMixed ? ["base"] : []), "loss", "exact match", "created"];
  const rows = versions.map((adapter) => {
    const cell = (metric: string): string => fromTo(adapter.comparison?.find((row) => row.metric === metric));
    const is = adapter.removed ? "removed" : adapter.aliases.join(", ");
    const shortBase = cut(oneLine(adapter.base.id).split("/").at(-1)!, 20);
    return [
      ...[nameOf(adapter), is, oneLine(adapter.method), ...(areMixed ? [shortBase] : [])],
      ...[cell("loss"), cell("exact_match"), minute(adapter.createdAt)],
    ];
  });
  const table = plainTable(
    heads.map((head) => ({ head })),
    rows,
  );
  return `${[...(areMixed ? [] : [`on ${oneLine(base.id)}`]), ...table].join("\n")}\n`;
}

interface MoreDetails {
  sources: Lineage["sources"] | null;
  origin: Origin | null;
  isSigned: boolean;
}

/** Everything about one adapter but its comparison and the history of its line. Ends with a newline. */
export function adapterDetails(adapter: RegisteredAdapter, { sources, origin, isSigned }: MoreDetails): string {
  const { base, engine, git, files, aliases, removed } = adapter;
  const read = Object.entries(sources ?? {}).map(([path, { rows }]) => `${rows} rows of ${path}`);
  const lines: [string, string][] = [
    ...(aliases.length > 0 ? [["is", aliases.join(", ")] satisfies [string, string]] : []),
    ...(removed
      ? [["removed", `${minute(removed.at)} UTC by ${removed.by} (${removed.why})`] satisfies [string, string]]
      : []),
    ["method", adapter.method],
    ["base", base.id],
    ["", `at ${base.revision}`],
    ["run", adapter.run],
    ...(origin ? [["pulled", `${minute(origin.pulledAt)} UTC from ${origin.repo}`] satisfies [string, string]] : []),
    ["created", `${minute(adapter.createdAt)} UTC`],
    ["engine", `${engine.name} ${engine.version}`],
    ["data", read[0] ?? "sources not kept"],
    ...read.slice(1).map((each): [string, string] => ["", each]),
    ["", adapter.dataSha256],
    ["template", adapter.templateSha256 ?? "none"],
    ["git", git ? git.commit : "no repository"],
    ...(git?.dirty ? [["", "with uncommitted changes"] satisfies [string, string]] : []),
    ["signed", isSigned ? "yes; ft adapters verify --key checks by whom" : "no"],
    ["folder", adapter.dir],
  ];
  const text = lines.map(([label, value]) => `  ${label.padEnd(10)}${oneLine(value)}\n`).join("");
  const width = Math.max(...files.map(({ path }) => path.length));
  const list = files
    .map(({ path, bytes, sha256 }) => `    ${path.padEnd(width)}  ${size(bytes).padStart(9)}  ${sha256.slice(0, 16)}\n`)
    .join("");
  return `${nameOf(adapter)}\n${text}  files${" ".repeat(Math.max(1, width + 8))}sha256\n${list}`;
}

/** The newest changes of a line's aliases, newest first; `previous` follows champion and is left out. Empty: none. */
export function aliasMoves(line: string, history: AliasMove[]): string {
  const changes: AliasMove[][] = [];
  for (const move of history.filter(({ alias }) => alias !== "previous")) {
    const last = changes.at(-1);
    // What was moved in one step has one time, person and reason.
    if (last && last[0]!.at === move.at && last[0]!.by === move.by) last.push(move);
    else changes.push([move]);
  }
  if (changes.length === 0) return "";
  const shown = changes.slice(-shownChanges).reverse();
  const rest = changes.length - shown.length;
  const more = rest > 0 ? [`  ${rest} earlier: --json`] : [];
  return [`history of ${line}`, ...shown.flatMap(changeLines), ...more, ""].join("\n");
}

function changeLines(moves: AliasMove[]): string[] {
  const { at, by, why, verdict, forced } = moves[0]!;
  const steps = moves.map(({ alias, from, to }) => {
    if (to === null) return `${alias} taken off @${from}`;
    return `${alias} ${from === null ? "" : `@${from} `}-> @${to}`;
  });
  const isAgainst = forced && verdict !== null && verdict.verdict !== "promote";
  const gate = verdict && `${isAgainst ? "AGAINST the gate, which" : "the gate"} said ${verdict.verdict}`;
  const who = [`by ${by}`, ...(gate ? [gate] : []), ...(forced && !isAgainst ? ["forced, to another base"] : [])].join(
    ", ",
  );
  const texts = [who, ...(why ? [why] : []), ...(verdict && verdict.verdict !== "promote" ? verdict.reasons : [])];
  const below = texts.flatMap((text) => wrapWords(text, 60, 3)).map((text) => `${" ".repeat(20)}${text}`);
  return [`  ${minute(at)}  ${steps.join(", ")}`, ...below];
}

const shownChanges = 6;

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
    ({ check, ok, message }) => `${ok ? "ok    " : "FAILED"}  ${check.padEnd(11)}  ${oneLine(message)}\n`,
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

function nameOf({ name, version }: RegisteredAdapter): string {
  return `${name}@${version}`;
}

function minute(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 16).replace("T", " ");
}

/** "3.6 kB", "160.2 MB" */
export function size(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
