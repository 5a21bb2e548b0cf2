// The rows that a preview shows, as one engine or several get them.
import type { CheckInput } from "../../dataset/check-dataset.js";
import { asTrained } from "../../dataset/masks/as-trained.js";
import { loadMaskModel } from "../../dataset/masks/load-mask-model.js";
import type { MaskEngine, MaskModel } from "../../dataset/masks/mask-model.js";
import { type Comparison, compareEngines } from "../../dataset/preview/compare-engines.js";
import { type PickedRow, pickRows, type RowChoice } from "../../dataset/preview/pick-rows.js";
import { shownLine } from "../../dataset/preview/preview-line.js";
import { previewRow } from "../../dataset/preview/preview-row.js";
import { FtError } from "../../errors.js";
import type { Report } from "../../report/block.js";
import type { PreviewedRow } from "../views/data-preview.js";
import { comparisonReport } from "../views/preview-comparison.js";
import { engineOf } from "./input.js";

/** A page or a terminal of more rows helps nobody. */
const mostRows = 100;
const mostFound = 10;

/** @throws FtError usage.no-model, data.no-such-row, data.*, model.* */
export async function previewRows(input: CheckInput, choice: RowChoice): Promise<PreviewedRow[]> {
  const { picked, model, engine } = await pickedRows(input, choice, []);
  return picked.map(({ rows, ...row }) => ({ ...row, previews: rows.map((each) => previewRow(each, model, engine)) }));
}

/** For JSON. */
export function shownRow({ previews, ...row }: PreviewedRow) {
  return { ...row, previews: previews.map((each) => ({ ...each, sequences: each.sequences.map(shownLine) })) };
}

/** @param engines "trl,axolotl" @throws FtError usage.engine, usage.diff, usage.no-model, data.no-such-row, data.*, model.* */
export async function compareRows(
  input: CheckInput,
  choice: RowChoice,
  engines: string,
): Promise<{ json: { rows: (Comparison & Pick<PickedRow, "number" | "place">)[] }; report: Report }> {
  const names = [...new Set(engines.split(",").map((name) => engineOf(name.trim()) as MaskEngine))];
  if (names.length < 2) throw oneEngine();
  const { picked, model } = await pickedRows(input, choice, names);
  const rows = picked.flatMap(({ number, place, rows: all }) =>
    all.map((row) => ({ number, place, ...compareEngines(names.map((name) => previewRow(row, model, name))) })),
  );
  const reports = rows.map((row) => comparisonReport(row, `row ${row.number}  ${row.place.file}:${row.place.line}`));
  return { json: { rows }, report: joined(reports, names) };
}

async function pickedRows(
  { model: checkModel, whyNoModel, ...source }: CheckInput,
  choice: RowChoice,
  others: readonly MaskEngine[],
): Promise<{ picked: PickedRow[]; model: MaskModel; engine: MaskEngine }> {
  if (!checkModel) throw noModel(whyNoModel);
  const picked = await pickRows(source, choice, "find" in choice ? mostFound : mostRows);
  if (picked.length === 0) throw noSuchRow(choice);
  const { engine } = checkModel;
  const trained = await asTrained({ ...checkModel, engine: others.includes("trl") ? "trl" : engine }, source);
  return { picked, model: await loadMaskModel(trained), engine };
}

/** Of several rows one report, each row's blocks under its name. */
function joined(reports: readonly Report[], engines: readonly string[]): Report {
  if (reports.length === 1) return reports[0]!;
  const blocks = reports.flatMap(({ title, blocks: own }) =>
    own.map((block) => ({ ...block, title: `${title}: ${block.title}` })),
  );
  const differing = reports.filter(({ subtitle }) => subtitle !== reports[0]!.subtitle).length > 0;
  const subtitle = differing ? "some rows are trained differently" : reports[0]!.subtitle;
  return { title: engines.join(", "), subtitle, blocks };
}

function noModel(why?: string): FtError {
  return new FtError({
    code: "usage.no-model",
    exit: "usage",
    message: "a preview needs a tokenizer and a template",
    ...(why && { why }),
    next: "give --model <folder>, or --recipe <file> of a recipe whose model is on this machine",
  });
}

function noSuchRow(choice: RowChoice): FtError {
  const what = "find" in choice ? `no row holds "${choice.find}"` : `there is no row ${choice.from}`;
  return new FtError({ code: "data.no-such-row", exit: "data", message: what, next: "ft data stats counts the rows" });
}

function oneEngine(): FtError {
  return new FtError({
    code: "usage.diff",
    exit: "usage",
    message: "--diff names fewer than two engines",
    next: "name two or more, for example --diff trl,axolotl",
  });
}
