// What `ft data check` checks: the files named, or the recipe's; and the model, when it is on this machine.
import { stat } from "node:fs/promises";
import { relative, resolve } from "node:path";
import type { CheckInput, CheckModel } from "../../dataset/check-dataset.js";
import { type DatasetSource, filesOf } from "../../dataset/dataset-facts.js";
import { isHubAddress } from "../../dataset/hub/address.js";
import { locateFiles } from "../../dataset/locate-files.js";
import { type MaskEngine, maskEngines } from "../../dataset/masks/mask-model.js";
import { maskSettings } from "../../dataset/masks/mask-settings.js";
import { dataSource } from "../../dataset/recipe-source.js";
import { FtError } from "../../errors.js";
import { readTemplate } from "../../models/template.js";
import { describeRecipeModel, pinnedByLock, resolveRecipeModel } from "../../pipeline/refine.js";
import { type LoadedRecipe, loadRecipe } from "../../recipes/load.js";
import { readLock } from "../../recipes/lock-file.js";
import { dataFormats } from "../../recipes/schema/data.js";
import { objectiveNames } from "../../recipes/schema/objective.js";
import type { ObjectiveName, Recipe } from "../../recipes/schema.js";
import type { Io } from "../io.js";
import { preparing } from "../preparing.js";
import { type SettingsFlags, settingsOf } from "./check-settings.js";
import { columnMapOf } from "./column-map.js";
import { realPath } from "./report-file.js";

export interface CheckFlags extends SettingsFlags {
  recipe?: string;
  eval?: string;
  format?: string;
  columns?: string[];
  roles?: string[];
  objective?: string;
  model?: string;
  maxLength?: number;
  as?: string;
}

/** @throws FtError usage.*, recipe.* */
export async function planCheck(io: Io, files: string[], flags: CheckFlags): Promise<CheckInput> {
  const recipePath = await recipeFile(io, flags);
  const loaded = recipePath === null ? null : loadRecipe(recipePath, { cwd: io.cwd, env: io.env });
  const recipe = loaded?.recipe ?? null;
  if (files.length === 0 && !recipe) throw nothingToCheck();
  const format = formatOf(flags.format);
  const names = columnMapOf(flags);
  const objective = objectiveOf(flags.objective) ?? recipe?.objective.type;
  const recipeDir = loaded?.dir ?? io.cwd;
  const written =
    files.length === 0 ? inFolder(dataSource(recipe as Recipe, recipeDir), io.cwd) : namedFiles(files, loaded, io.cwd);
  const source = await located(io, loaded, {
    ...written,
    ...(recipe && { textRows: recipe.data.text_rows }),
    ...(flags.eval !== undefined && { eval: [flags.eval] }),
  });
  const train = files.length === 0 ? source.train : onceEach(source);
  return {
    ...source,
    ...names,
    train: train.map((file) => ({ ...file, ...(format && { format }), ...names })),
    ...(format && { format }),
    ...(objective && { objective }),
    ...(await modelOf(io, flags, loaded)),
    ...(await settingsOf(io, flags, loaded)),
  };
}

/** Nothing is held out of files that no recipe names, so that the seed decides nothing. What the recipe says of a file is true of it here too. */
function namedFiles(files: string[], loaded: LoadedRecipe | null, dir: string): DatasetSource {
  const { format = "auto", columns, roles, train = [] } = loaded?.recipe.data ?? {};
  const read = { format, ...(columns && { columns }), ...(roles && { roles }) };
  const isNamed = (path: string, inRecipe: string) =>
    isHubAddress(path) ? path === inRecipe : resolve(dir, path) === resolve(loaded!.dir, inRecipe);
  const sources = files.map((path) => {
    const known = train.find((each) => isNamed(path, each.path));
    return { ...read, ...known, path, weight: 1 };
  });
  return { dir, train: sources, ...read, seed: 0 };
}

async function located(io: Io, loaded: LoadedRecipe | null, source: DatasetSource): Promise<DatasetSource> {
  const pins = loaded ? (await readLock(loaded.file))?.hub : undefined;
  return preparing(io, ({ env, signal, onProgress }) =>
    locateFiles(source, { env, signal, onProgress, pins, stdin: io.stdin }),
  );
}

/** A file named twice is checked once. */
function onceEach(source: DatasetSource): DatasetSource["train"] {
  const real = filesOf(source, "train").map(({ path }) => realPath(path));
  return source.train.filter((_, index) => real.indexOf(real[index]!) === index);
}

/** Names as seen from the folder where the person stands. */
function inFolder(source: DatasetSource, cwd: string): DatasetSource {
  const name = (file: string) => (isHubAddress(file) ? file : relative(cwd, resolve(source.dir, file)));
  const train = source.train.map((file) => ({ ...file, path: name(file.path) }));
  return { ...source, dir: cwd, train, ...(source.eval && { eval: source.eval.map(name) }) };
}

async function modelOf(
  io: Io,
  flags: CheckFlags,
  loaded: LoadedRecipe | null,
): Promise<{ model: CheckModel | null; whyNoModel?: string }> {
  const recipe = loaded?.recipe;
  const maxLength = maxLengthOf(flags.maxLength) ?? recipe?.data.max_length ?? 1024;
  const trainOn = recipe?.data.train_on ?? "assistant";
  const engine = engineOf(flags.as) ?? recipe?.engine.name ?? "trl";
  const objective = objectiveOf(flags.objective);
  const settings = { maxLength, trainOn, engine, ...(recipe && maskSettings(recipe)), ...(objective && { objective }) };
  if (flags.model !== undefined) {
    const dir = resolve(io.cwd, flags.model);
    return { model: { dir, template: readTemplate("auto", { dir: dir, cwd: dir }), ...settings } };
  }
  if (!loaded || !recipe) return { model: null, whyNoModel: "no model given: length and loss mask were not looked at" };
  const resolved = pinnedByLock(resolveRecipeModel(loaded, io.env), loaded, await readLock(loaded.file));
  const { dir, template } = await describeRecipeModel(loaded, resolved, io.env);
  if (dir === null) {
    return {
      model: null,
      whyNoModel: `${recipe.model.base} is not on this machine yet: \`ft run\` fetches it and looks again`,
    };
  }
  return { model: { dir, template, ...settings } };
}

async function recipeFile(io: Io, flags: CheckFlags): Promise<string | null> {
  if (flags.recipe !== undefined) return resolve(io.cwd, flags.recipe);
  const here = resolve(io.cwd, "ft.yaml");
  return (await stat(here).catch(() => null))?.isFile() ? here : null;
}

function formatOf(name: string | undefined): CheckInput["format"] | undefined {
  const format = dataFormats.find((each) => each === name);
  if (name === undefined || format) return format;
  throw new FtError({
    code: "usage.format",
    exit: "usage",
    message: `unknown format ${name}`,
    next: `use one of: ${dataFormats.join(", ")}`,
  });
}

function objectiveOf(name: string | undefined): ObjectiveName | undefined {
  const objective = objectiveNames.find((each) => each === name);
  if (name === undefined || objective) return objective;
  throw new FtError({
    code: "usage.objective",
    exit: "usage",
    message: `unknown objective ${name}`,
    next: `use one of: ${objectiveNames.join(", ")}`,
  });
}

export function engineOf(name: string | undefined): MaskEngine | undefined {
  const engine = maskEngines.find((each) => each === name);
  if (name === undefined || engine) return engine;
  throw new FtError({
    code: "usage.engine",
    exit: "usage",
    message: `unknown engine ${name}`,
    next: `use one of: ${maskEngines.join(", ")}`,
  });
}

function maxLengthOf(tokens: number | undefined): number | undefined {
  if (tokens === undefined || (Number.isInteger(tokens) && tokens >= 8)) return tokens;
  throw new FtError({
    code: "usage.max-length",
    exit: "usage",
    message: "--max-length is not a whole number of tokens, 8 or more",
    next: "give for example --max-length 1024",
  });
}

function nothingToCheck(): FtError {
  return new FtError({
    code: "usage.no-files",
    exit: "usage",
    message: "nothing to check: no file is named and there is no ft.yaml here",
    next: "ft data check <file>, or --recipe <ft.yaml>",
  });
}
