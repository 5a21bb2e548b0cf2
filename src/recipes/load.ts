// Reads a recipe: YAML with positions -> --set changes -> schema -> cross-field rules. All mistakes are reported at once, each with its place.
import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Document, LineCounter, parseDocument, type YAMLError } from "yaml";
import { FtError, type Problem } from "../errors.js";
import { applySets } from "./apply-sets.js";
import { checkRecipe } from "./check-recipe.js";
import { describeIssue } from "./describe-issue.js";
import { locate, type RecipeSource } from "./locate.js";
import { type Recipe, recipeSchema } from "./schema.js";

export interface LoadedRecipe {
  recipe: Recipe;
  /** Absolute. */
  file: string;
  /** The recipe's folder: paths in the recipe are relative to it, and .ft lies in it. */
  dir: string;
}

const maxBytes = 1 << 20;

/** One broken bracket can upset the parser hundreds of times. */
const maxShown = 20;

/**
 * @param file relative to `cwd`
 * @param sets `--set` options as typed: `train.epochs=2`
 * @throws FtError recipe.missing, recipe.unreadable, recipe.invalid (exit recipe), usage.set (exit usage)
 */
export function loadRecipe(file: string, { cwd, sets = [] }: { cwd: string; sets?: string[] }): LoadedRecipe {
  const path = resolve(cwd, file);
  const lines = new LineCounter();
  const document = parseDocument(readText(path, file), {
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
  const values = toValues(document, file);
  const changes = applySets(document, sets);
  const source: RecipeSource = { document, lines, file, changes };
  const parsed = recipeSchema.safeParse(changes.length > 0 ? document.toJS() : values);
  if (!parsed.success)
    throw invalid(
      file,
      parsed.error.issues.flatMap((issue) => describeIssue(issue, source)),
    );
  const contradictions = checkRecipe(parsed.data, (path) => document.hasIn(path));
  if (contradictions.length > 0) {
    throw invalid(
      file,
      contradictions.map(({ path, ...problem }) => ({ ...problem, where: locate(source, path) })),
    );
  }
  return { recipe: parsed.data, file: path, dir: dirname(path) };
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
function toValues(document: Document, file: string): unknown {
  try {
    const values: unknown = document.toJS();
    if (typeof values === "object" && values !== null && !Array.isArray(values)) return values;
  } catch (error) {
    throw unreadable(file, (error as Error).message, "mend its aliases (*name), or write the recipe without them");
  }
  throw unreadable(file, "its top level is not a map of keys", "`ft init` writes a recipe to start from");
}

function syntaxProblem(error: YAMLError, file: string, lines: LineCounter): Problem {
  const { line, col } = lines.linePos(error.pos[0]);
  return { message: error.message, where: { file, line, column: col } };
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
