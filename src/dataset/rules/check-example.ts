// For tests: runs a rule's example through the whole check, as files in a folder of its own.
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTemplate } from "../../models/template.js";
import { type CheckInput, type CheckModel, type CheckReport, checkDataset } from "../check-dataset.js";
import type { Example, ExampleLine } from "./rule.js";

/** Rows of 64 tokens; train.jsonl, eval.jsonl, bench.jsonl. */
export async function checkExample(example: Example, more: Partial<CheckInput> = {}): Promise<CheckReport> {
  const dir = await mkdtemp(join(tmpdir(), "ft-rules-"));
  const file = example.file ?? "train.jsonl";
  await writeFile(join(dir, file), exampleBytes(example.train));
  if (example.eval) await writeFile(join(dir, "eval.jsonl"), exampleBytes(example.eval));
  if (example.against) await writeFile(join(dir, "bench.jsonl"), exampleBytes(example.against));
  return checkDataset({
    dir,
    train: [
      { path: file, format: "auto", weight: example.weight ?? 1, ...(example.columns && { columns: example.columns }) },
    ],
    ...(example.eval && { eval: ["eval.jsonl"] }),
    ...(example.against && { benchmarks: [{ path: "bench.jsonl" }] }),
    format: "auto",
    seed: 0,
    ...(example.objective && { objective: example.objective }),
    model: example.template ? exampleModel(example) : null,
    ...more,
  });
}

function exampleBytes(lines: readonly ExampleLine[]): Buffer {
  return Buffer.concat(
    lines.map((line) => {
      if (typeof line === "string") return Buffer.from(`${line}\n`);
      if ("bytes" in line) return Buffer.from(`${line.bytes}${"end" in line ? line.end : "\n"}`, "latin1");
      return Buffer.from(`${JSON.stringify(line)}\n`);
    }),
  );
}

function exampleModel({ template, engine = "trl" }: Example): CheckModel {
  const dir = process.env.FT_TEST_MODEL;
  if (!dir) throw new Error("FT_TEST_MODEL is not set: vitest's global set-up makes the model folder");
  const own = readTemplate("auto", { dir, cwd: dir });
  const source = typeof template === "object" ? template.source : (own?.source ?? "");
  return {
    dir,
    template: { source, sha256: "", origin: "test", hasGenerationMarkers: source.includes("{% generation %}") },
    maxLength: 64,
    trainOn: "assistant",
    engine,
  };
}
