// The page of a rule: what, why, a bad and a good example, how to mend and how to silence it. docs/rules.md is all of them.
import { families, type RuleId, ruleIds, rules } from "../rules.js";
import type { Example, ExampleLine } from "./rule.js";

/** Lines of an example that are shown: one that needs many shows the first and the last. */
const shownLines = 3;
const shownChars = 220;

/** Markdown. */
export function rulePage(id: RuleId): string {
  const { title, severity, why, fix, mends, bad, good } = rules[id];
  const parts = [
    `### ${id}: ${title}`,
    `Severity: ${severity}. ${why}`,
    ...(bad ? [`Breaks it${context(bad)}:`, example(bad)] : []),
    ...(good ? [`Does not${context(good)}:`, example(good)] : []),
    `Mend it: ${fix}.`,
    ...(mends ? [`\`ft data fix\` ${mends}.`] : []),
    bad
      ? `Silence it: \`data: { rules: { ${id}: off } }\` in the recipe, \`--rule ${id}=off\` for one check.`
      : "It is told by `ft data preview --from-run`, not by the check.",
  ];
  return `${parts.join("\n\n")}\n`;
}

/** All pages under their families. */
export function rulesPage(): string {
  const sections = Object.entries(families).map(([family, about]) => {
    const pages = ruleIds.filter((id) => id.replace(/\d+$/, "") === family).map(rulePage);
    return `## ${family}: ${about}\n\n${pages.join("\n")}`;
  });
  return `# Data rules

What \`ft data check\` looks for, made from the table in \`src/dataset/rules/\` by \`scripts/rules-page.mjs\`; a test holds the page equal to it.
\`ft data explain <rule>\` prints one of them. Each example is run by a test.

${sections.join("\n")}`;
}

function context({ objective, template, engine, columns }: Example): string {
  const parts = [
    ...(columns
      ? [
          `with --columns ${Object.entries(columns)
            .map(([name, column]) => `${name}=${column}`)
            .join(",")}`,
        ]
      : []),
    ...(engine ? [`with --as ${engine}`] : []),
    ...(objective ? [`for objective ${objective}`] : []),
    ...(template === undefined ? [] : [template === "own" ? "with a model's template" : "with another template"]),
  ];
  return parts.length > 0 ? `, ${parts.join(", ")}` : "";
}

function example(of: Example): string {
  const { train, eval: held, against, template } = of;
  const file = of.file ?? (held || against ? "train.jsonl" : null);
  const blocks = [of.shown === undefined ? block(train, file) : fenced(of.shown, file)];
  if (held) blocks.push(block(held, "eval.jsonl"));
  if (against) blocks.push(block(against, "benchmark.jsonl"));
  if (template && template !== "own") blocks.push(fenced(cut(template.source), "chat template"));
  return blocks.join("\n\n");
}

function block(lines: readonly ExampleLine[], name: string | null): string {
  const texts = lines.map(lineText);
  const shown =
    texts.length <= shownLines
      ? texts
      : [...texts.slice(0, shownLines - 1), `... ${texts.length - shownLines} more ...`, ...texts.slice(-1)];
  return fenced(shown.join("\n"), name);
}

function fenced(text: string, name: string | null): string {
  return `${name ? `${name}:\n\n` : ""}\`\`\`\`\n${text}\n\`\`\`\``;
}

/** What cannot be seen is written as an escape. */
function lineText(line: ExampleLine): string {
  const text =
    typeof line === "string"
      ? line
      : "bytes" in line
        ? (line.bytes as string) + ("end" in line && line.end === "\r\n" ? "\r" : "")
        : JSON.stringify(line);
  return cut(text).replace(/[^\x20-\x7e\n\p{L}\p{M}\p{P}\p{S}\p{N}]|\ufffd/gu, (char) => {
    const code = char.codePointAt(0) as number;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

function cut(text: string): string {
  return text.length <= shownChars ? text : `${text.slice(0, shownChars - 60)} ... ${text.slice(-50)}`;
}
