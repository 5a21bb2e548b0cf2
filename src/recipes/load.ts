// Reads a recipe: YAML with positions -> environment -> --set -> extends -> schema -> defaults -> cross-field rules. All mistakes are reported at once, each with its place.
import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Document, LineCounter, parseDocument, type YAMLError } from "yaml";
import type { z } from "zod";
import { FtError, type Place, type Problem } from "../errors.js";
import type { Env } from "../paths.js";
import { applySets } from "./apply-sets.js";
import { checkRecipe } from "./check-recipe.js";
import { type Choice, type ChoiceFacts, fillDefaults, nothingKnown } from "./defaults.js";
import { describeIssue } from "./describe-issue.js";
import { hideBraces, substituteEnvironment } from "./environment.js";
import { mergeRecipes, movePaths, parentFile, type Values, withoutOpen } from "./extend.js";
import { locate, type RecipeFile, type RecipeSource } from "./locate.js";
import { type Recipe, recipeSchema, type WrittenRecipe } from "./schema.js";

export interface LoadedRecipe {
  /** Every key filled in, as far as is known (see `refineDefaults`). */
  recipe: Recipe;
  /** As written, the recipes that it extends and `--set` included; `values` before the schema read it. */
  written: WrittenRecipe;
  values: Values;
  /** What ft chose for open keys. */
  choices: Choice[];
  /** Absolute. */
  file: string;
  /** The recipe's folder: paths in the recipe are relative to it, and .ft lies in it. */
  dir: string;
  /** Where a key was written; the recipe's own file when it was not. */
  whereIs(path: readonly PropertyKey[]): Place;
  isWritten(path: readonly PropertyKey[]): boolean;
}

export interface LoadOptions {
  cwd: string;
  /** What `${NAME}` in a recipe stands for. */
  env: Env;
  /** `--set` options as typed: `train.epochs=2`. */
  sets?: string[];
  /** What a sweep tries, as `sets` and after them, and what messages call one. */
  tried?: { sets: string[]; show(set: string): string };
}

const maxBytes = 1 << 20;

/** One broken bracket can upset the parser hundreds of times. */
const maxShown = 20;

/**
 * @param file relative to `cwd`
 * @throws FtError recipe.missing, recipe.unreadable, recipe.extends, recipe.invalid (exit recipe), usage.set (exit usage)
 */
export function loadRecipe(file: string, options: LoadOptions): LoadedRecipe {
  const source = readSource(file, options);
  const values = source.values as Values;
  const path = source.chain[0]!.path;
  const fill = (written: WrittenRecipe): LoadedRecipe => ({
    ...fillDefaults(written, nothingKnown),
    written,
    values,
    file: path,
    dir: dirname(path),
    whereIs: (key) => locate(source, key),
    isWritten: (key) => isIn(values, key),
  });
  const parsed = recipeSchema.safeParse(values);
  if (parsed.success) return checked(fill(parsed.data), file, nothingKnown);
  // The keys that are well-formed may contradict each other all the same: a person wants to hear of both at once.
  const rest = recipeSchema.safeParse(withoutBroken(values, parsed.error.issues));
  throw invalid(file, [
    ...parsed.error.issues.flatMap((issue) => describeIssue(issue, source)),
    ...(rest.success ? contradictions(fill(rest.data), nothingKnown) : []),
  ]);
}

/** What the schema has against it, and nothing of what its keys say together. Throws as loadRecipe does for a file that cannot be read. */
export function schemaProblems(file: string, options: LoadOptions): Problem[] {
  const source = readSource(file, options);
  const parsed = recipeSchema.safeParse(source.values);
  return parsed.success ? [] : parsed.error.issues.flatMap((issue) => describeIssue(issue, source));
}

function readSource(file: string, { cwd, env, sets = [], tried }: LoadOptions): RecipeSource {
  const path = resolve(cwd, file);
  const chain = readChain(path, file, env);
  const { document } = chain[0]!;
  const changes = [...applySets(document, sets), ...(tried ? applySets(document, tried.sets, tried.show) : [])];
  const { extends: _, ...values } = withoutOpen(
    chain
      .map((each) => movePaths(toValues(each.document, each.file), { from: each.path, to: path }))
      .reduceRight((far, near) => mergeRecipes(near, far), {}),
  );
  return { chain, changes, values };
}

/** The same recipe, its open keys filled by what became known of model and data. @throws FtError recipe.invalid */
export function refineDefaults(loaded: LoadedRecipe, facts: ChoiceFacts): LoadedRecipe {
  const refined = { ...loaded, ...fillDefaults(loaded.written, facts) };
  return checked(refined, loaded.file, facts);
}

function checked(loaded: LoadedRecipe, shown: string, facts: ChoiceFacts): LoadedRecipe {
  const problems = contradictions(loaded, facts);
  if (problems.length === 0) return loaded;
  throw invalid(shown, problems);
}

function contradictions({ recipe, isWritten, whereIs }: LoadedRecipe, facts: ChoiceFacts): Problem[] {
  return checkRecipe(recipe, isWritten, facts).map(({ path, ...problem }) => ({ ...problem, where: whereIs(path) }));
}

/** Without them most rules would judge another recipe. */
const deciding = /^(objective|engine|compute|data\.eval)\b/;

/** Without the keys that the schema refused; null where what is left would be another recipe. */
function withoutBroken(values: Values, issues: z.core.$ZodIssue[]): Values | null {
  const rest = structuredClone(values);
  for (const issue of issues) {
    const isUnknown = issue.code === "unrecognized_keys";
    if (!isUnknown && deciding.test(issue.path.join("."))) return null;
    for (const path of isUnknown ? issue.keys.map((key) => [...issue.path, key]) : [issue.path]) remove(rest, path);
  }
  return rest;
}

/** Of a list, the whole list. */
function remove(values: Values, [key, ...below]: PropertyKey[]): void {
  const inner = values[String(key)];
  if (below.length > 0 && typeof inner === "object" && inner !== null && !Array.isArray(inner))
    remove(inner as Values, below);
  else delete values[String(key)];
}

/** The recipe's file and those it extends, nearest first, their environment variables filled in. */
function readChain(path: string, shown: string, env: Env): RecipeFile[] {
  const first = readRecipeFile(path, shown, env);
  const chain = [first];
  for (let last = first; last.document.has("extends"); last = chain.at(-1)!) {
    const parent = parentFile(
      last.document.get("extends"),
      chain.map((each) => each.path),
    );
    chain.push(readRecipeFile(parent, parent, env));
  }
  return chain;
}

function readRecipeFile(path: string, file: string, env: Env): RecipeFile {
  const lines = new LineCounter();
  const document = parseDocument(hideBraces(readText(path, file)), {
    lineCounter: lines,
    uniqueKeys: true,
    prettyErrors: false,
    logLevel: "error",
  });
  if (document.errors.length > 0)
    throw invalid(
      file,
      document.errors.map((error) => syntaxProblem(error, file, lines)),
    );
  toValues(document, file); // what is no map, or a bomb, ends here
  const problems = substituteEnvironment(document, env);
  if (problems.length > 0)
    throw invalid(
      file,
      problems.map(({ offset, ...problem }) => ({ ...problem, where: place(file, lines, offset) })),
    );
  return { path, file, document, lines };
}

function isIn(values: unknown, path: readonly PropertyKey[]): boolean {
  let at = values;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return false;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at !== undefined;
}

function readText(path: string, shown: string): string {
  const bytes = attempt(path, () => readBytes(path, shown));
  try {
    if (bytes.includes(0)) throw new TypeError("it holds NUL bytes");
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw unreadable(path, "it is not UTF-8 text", "a recipe is a YAML text file; is this your data?");
  }
}

/** What the operating system says against it, in ft's words. */
function attempt<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof FtError) throw error;
    throw unreadable(path, (error as Error).message, "name a recipe file that you may read");
  }
}

function readBytes(path: string, shown: string): Buffer {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) {
    throw new FtError({
      code: "recipe.missing",
      exit: "recipe",
      message: `there is no recipe ${shown}`,
      where: { file: path },
      next: "`ft init --base <model> --method lora --data <rows.jsonl>` writes one",
    });
  }
  if (!stat.isFile()) throw unreadable(path, "it is not a file", "name the recipe's file");
  if (stat.size > maxBytes)
    throw unreadable(path, "it is larger than 1 MiB", "a recipe is a small YAML file; is this your data?");
  return readFileSync(path);
}

/** Alias bombs end here: the yaml package counts what aliases expand to. */
function toValues(document: Document, file: string): Values {
  try {
    const values: unknown = document.toJS();
    if (typeof values === "object" && values !== null && !Array.isArray(values)) return values as Values;
  } catch (error) {
    throw unreadable(file, (error as Error).message, "mend its aliases (*name), or write the recipe without them");
  }
  throw unreadable(file, "its top level is not a map of keys", "`ft init` writes a recipe to start from");
}

function syntaxProblem(error: YAMLError, file: string, lines: LineCounter): Problem {
  const where = place(file, lines, error.pos[0]);
  if (error.code === "MULTIPLE_DOCS")
    return { message: "a second YAML document begins here (---)", where, fix: "keep one recipe a file" };
  return { message: error.message, where };
}

function place(file: string, lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { file, line, column: col };
}

function invalid(file: string, problems: Problem[]): FtError {
  return new FtError({
    code: "recipe.invalid",
    exit: "recipe",
    message: `${file} has ${problems.length === 1 ? "a mistake" : `${problems.length} mistakes`}`,
    problems: problems.toSorted(byPlace).slice(0, maxShown),
    ...(problems.length > maxShown ? { why: `these are the first ${maxShown}` } : {}),
    next: "mend the recipe and repeat",
  });
}

/** As one reads the file; what has no line stays in front. */
function byPlace({ where: a }: Problem, { where: b }: Problem): number {
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);
}

function unreadable(file: string, why: string, next: string): FtError {
  return new FtError({
    code: "recipe.unreadable",
    exit: "recipe",
    message: "the recipe cannot be read",
    where: { file },
    why,
    next,
  });
}
