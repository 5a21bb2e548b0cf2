// What the verbs that write a part of the rows share: their flags, the files they write, and what they say at the end.
import { existsSync, realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import type { CanonicalRow } from "../../dataset/canonical.js";
import type { ProgressOfFile } from "../../dataset/curate/curate-rows.js";
import type { Curated, CurateOutputs, Decisions } from "../../dataset/curate/decisions.js";
import type { DatasetSource } from "../../dataset/dataset-facts.js";
import { FtError } from "../../errors.js";
import type { OnProgress } from "../../progress.js";
import { interruptible } from "../interruptible.js";
import { type Io, writeJson } from "../io.js";
import { outputName } from "../output-name.js";
import { progressLines } from "../progress-lines.js";
import { rowOptions } from "./row-options.js";
import { again } from "./row-progress.js";

export interface CurateFlags {
  out: string;
  dropped?: string;
  format?: string;
  columns?: string[];
  roles?: string[];
  model?: string;
  recipe?: string;
  seed: number;
  force?: boolean;
  json?: boolean;
}

/** `ft data <name> [files...] --out <file>`. */
export function curateCommand(data: Command, name: string, description: string): Command {
  return rowOptions(data.command(name))
    .description(description)
    .argument("[files...]", "data files (default: the training files of the recipe)")
    .requiredOption("--out <file>", "JSON lines to write: the rows that are kept, as they are", outputName)
    .option(
      "--dropped <file>",
      "JSON lines to write: the other rows with their reason (default <out>.dropped.jsonl)",
      outputName,
    )
    .option("--recipe <file>", "recipe whose data and model to use (default: ft.yaml, when it is here)")
    .option("--seed <n>", "another random choice", wholeNumber, 0)
    .option("--force", "replace files that are there")
    .option("--json", "print {rows, kept, heldOut, dropped, reasons, notes, files}");
}

export interface Curation {
  source: DatasetSource;
  onBytes: ProgressOfFile;
  onProgress: OnProgress;
  /** Tokens of a row's longest sequence, as it is trained. @throws FtError usage.no-model when no model is here */
  tokensOf(): Promise<(row: CanonicalRow) => number>;
}

/** Plans, decides, writes, tells. */
export async function curate(
  io: Io,
  files: string[],
  flags: CurateFlags & { evalOut?: string },
  decide: (curation: Curation) => Promise<Decisions>,
): Promise<void> {
  const { planCheck } = await import("./input.js");
  const { writeCurated } = await import("../../dataset/curate/decisions.js");
  const input = await planCheck(io, files, flags);
  const outputs = outputFiles(io, flags, input);
  const curated = await whileReading(io, async (onBytes, onProgress) => {
    const decisions = await decide({
      source: input,
      onBytes,
      onProgress,
      async tokensOf() {
        if (!input.model) throw noModel(input.whyNoModel);
        const { tokenCounter } = await import("../../dataset/masks/count-tokens.js");
        return tokenCounter(input.model, input);
      },
    });
    // One phase, not all the files once more.
    const onWritten: ProgressOfFile = ({ read, size }) =>
      onProgress({ label: "writing the rows", doneBytes: Math.min(read, size), totalBytes: size });
    return { ...(await writeCurated(input, decisions, outputs, onWritten)), notes: decisions.notes };
  });
  for (const note of curated.notes) io.err.write(`note: ${note}\n`);
  if (flags.json) writeJson(io, { ok: true, ...curated, files: outputs });
  else io.out.write(curatedText(curated, outputs));
}

/** Both functions show how far it is, and end it when it is interrupted. @throws FtError interrupted */
export async function whileReading<T>(
  io: Io,
  work: (onBytes: ProgressOfFile, onProgress: OnProgress) => Promise<T>,
): Promise<T> {
  const progress = progressLines(io);
  return await interruptible((signal) => {
    const onProgress: OnProgress = (each) => {
      signal.throwIfAborted();
      progress.report(each);
    };
    const onBytes: ProgressOfFile = ({ file, read, size }) =>
      onProgress({ label: file, doneBytes: Math.min(read, size), totalBytes: size });
    return work(onBytes, onProgress);
  }, again).finally(progress.end);
}

/** Absolute. @throws FtError usage.exists, usage.in-place, usage.same-output */
export function outputFiles(
  io: Io,
  flags: Pick<CurateFlags, "out" | "dropped" | "force"> & { evalOut?: string },
  { dir, train }: DatasetSource,
): CurateOutputs {
  const kept = resolve(io.cwd, flags.out);
  const dropped = resolve(io.cwd, flags.dropped ?? `${flags.out.replace(/\.jsonl$/, "")}.dropped.jsonl`);
  const outputs = { kept, ...(flags.evalOut && { heldOut: resolve(io.cwd, flags.evalOut) }), dropped };
  const paths = Object.values(outputs);
  const inputs = train
    .map(({ path }) => resolve(dir, path))
    .filter(existsSync)
    .map((path) => realpathSync(path));
  for (const path of paths) {
    if (paths.filter((other) => other === path).length > 1) throw sameOutput(path);
    if (!existsSync(path)) continue;
    if (!statSync(path).isFile()) throw isNoFile(path);
    if (inputs.includes(realpathSync(path))) throw inPlace(path);
    if (!flags.force) throw isThere(path);
  }
  return outputs;
}

function curatedText({ rows, kept, heldOut, dropped, reasons }: Curated, outputs: CurateOutputs): string {
  const number = (value: number) => value.toLocaleString("en").padStart(rows.toLocaleString("en").length);
  const lines = [`${number(kept)} kept     ${outputs.kept}`];
  if (outputs.heldOut) lines.push(`${number(heldOut)} held out ${outputs.heldOut}`);
  lines.push(`${number(dropped)} dropped  ${outputs.dropped}`);
  for (const [reason, count] of Object.entries(reasons).sort(([, a], [, b]) => b - a)) {
    lines.push(`${" ".repeat(number(rows).length)} ${number(count)} ${reason}`);
  }
  return `${lines.join("\n")}\n`;
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || text.trim() === "")
    throw new InvalidArgumentError("give a whole number, 0 or more.");
  return value;
}

export function noModel(why: string | undefined): FtError {
  return new FtError({
    code: "usage.no-model",
    exit: "usage",
    message: "tokens can't be counted without the model's tokenizer",
    why,
    next: "give --model <folder>, or a recipe whose model is on this machine",
  });
}

function inPlace(path: string): FtError {
  return new FtError({
    code: "usage.in-place",
    exit: "usage",
    message: `${path} is one of the files that are read`,
    next: "write into another file",
  });
}

/** A folder, or a device such as /dev/stdout: the finished file would be put in its place. */
function isNoFile(path: string): FtError {
  return new FtError({
    code: "usage.no-file",
    exit: "usage",
    message: `${path} is there and is no file`,
    next: "name a file",
  });
}

function isThere(path: string): FtError {
  return new FtError({
    code: "usage.exists",
    exit: "usage",
    message: `${path} is there already`,
    next: "name another file, or --force to replace it",
  });
}

function sameOutput(path: string): FtError {
  return new FtError({
    code: "usage.same-output",
    exit: "usage",
    message: `two outputs would be written to ${path}`,
    next: "give each its own file",
  });
}
