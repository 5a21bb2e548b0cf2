// What a sweep is to do, from sweep.yaml, the flags, or both: the flags hold.
import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { parseDocument } from "yaml";
import { z } from "zod";
import { FtError, type Problem } from "../../errors.js";
import { nearest } from "../../nearest.js";
import { parseKeyFlag, type Space, spaceSchema } from "./space.js";

export const sweepMethods = ["grid", "random", "halving"] as const;

const fileSchema = z.strictObject({
  recipe: z.string().min(1).default("ft.yaml").describe("relative to this file"),
  method: z.enum(sweepMethods).optional().describe("default: grid when every key has a list, else random"),
  metric: z.string().optional().describe("of the evaluation; default: the first of the recipe's eval.metrics"),
  goal: z.enum(["minimize", "maximize"]).optional().describe("default: what is better for the metric"),
  keys: spaceSchema.refine((keys) => Object.keys(keys).length > 0, "no key is named"),
  trials: z.int().positive().optional().describe("random, halving: how many; grid: how many at most"),
  seed: z.int().min(0).default(0).describe("of the choice of trials; train.seed stays the recipe's"),
  concurrency: z.int().positive().default(1).describe("trials that run at the same time"),
  array: z
    .boolean()
    .default(false)
    .describe("on Slurm: the trials as one job array, which keeps to `concurrency` itself"),
  halving: z
    .strictObject({
      steps: z.int().positive().optional().describe("that a trial of the first rung trains"),
      epochs: z.number().positive().optional().describe("in place of steps"),
      factor: z.int().min(2).default(3).describe("one in so many goes on, and trains so many times as long"),
    })
    .refine(({ steps, epochs }) => steps === undefined || epochs === undefined, "give steps or epochs, not both")
    .optional(),
});

export type SweepMethod = (typeof sweepMethods)[number];

export interface SweepSettings extends Omit<z.output<typeof fileSchema>, "recipe"> {
  /** As `loadRecipe` takes it. */
  recipe: string;
  keys: Space;
  /** Those of `keys` that `--key` named, not the sweep's file. */
  flagKeys: string[];
}

/** As typed. */
export interface SweepFlags {
  key?: string[];
  method?: SweepMethod;
  metric?: string;
  goal?: "minimize" | "maximize";
  trials?: number;
  seed?: number;
  concurrency?: number;
  array?: boolean;
  rungSteps?: number;
  rungEpochs?: number;
  factor?: number;
}

/**
 * `file`: a sweep's (it has `keys`) or a recipe's; left out: sweep.yaml where it is and no key is given, else ft.yaml.
 * Throws FtError sweep.missing (exit usage), sweep.unreadable, sweep.invalid (exit recipe), usage.key, usage.sweep (exit usage).
 */
export function sweepSettings(file: string | undefined, flags: SweepFlags, cwd: string): SweepSettings {
  const name =
    file ?? (flags.key === undefined && textOf(resolve(cwd, "sweep.yaml")) !== null ? "sweep.yaml" : "ft.yaml");
  const written = readSweepFile(name, cwd);
  const keys = Object.fromEntries((flags.key ?? []).map(parseKeyFlag));
  if (file !== undefined && textOf(resolve(cwd, file)) === null) throw missing(file);
  if (written === null && flags.key === undefined) throw noKeys(name);
  const { steps, epochs, factor } = (written?.halving ?? {}) as Record<string, unknown>;
  const halving = withoutUndefined({
    steps: flags.rungSteps ?? (flags.rungEpochs === undefined ? steps : undefined),
    epochs: flags.rungEpochs ?? (flags.rungSteps === undefined ? epochs : undefined),
    factor: flags.factor ?? factor,
  });
  const { method, metric, goal, trials, seed, concurrency, array } = flags;
  const merged = {
    ...written,
    ...withoutUndefined({ method, metric, goal, trials, seed, concurrency, array }),
    ...(isMap(written?.keys ?? {}) ? { keys: { ...(written?.keys as object | undefined), ...keys } } : {}),
    ...(Object.keys(halving).length > 0 ? { halving } : {}),
  };
  const parsed = fileSchema.safeParse(merged);
  if (!parsed.success) throw invalid(name, parsed.error.issues);
  const recipe = written === null ? name : relative(cwd, resolve(cwd, dirname(name), parsed.data.recipe));
  const settings = { ...parsed.data, recipe, flagKeys: Object.keys(keys) };
  if (settings.halving && (settings.method ?? "grid") !== "halving") throw idleHalving();
  return settings;
}

/** Null: it is no sweep's file, so a recipe's, which `loadRecipe` judges. */
function readSweepFile(name: string, cwd: string): Record<string, unknown> | null {
  const text = textOf(resolve(cwd, name));
  if (text === null) return null;
  const document = parseDocument(text, { uniqueKeys: true, logLevel: "error" });
  if (!document.has("keys") && !/^keys\s*:/m.test(text)) return null;
  const [error] = document.errors;
  const values: unknown = error ? null : document.toJS();
  if (isMap(values)) return values;
  throw new FtError({
    code: "sweep.unreadable",
    exit: "recipe",
    message: `${name} is no YAML map`,
    ...(error ? { why: error.message } : {}),
    next: "docs/sweeps.md shows a sweep's file",
  });
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // loadRecipe says why
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withoutUndefined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function invalid(name: string, issues: z.core.$ZodIssue[]): FtError {
  const problems = issues.flatMap((issue): Problem[] => {
    const path = issue.path.join(".");
    if (issue.code !== "unrecognized_keys")
      return [{ message: path === "" ? issue.message : `${path}: ${words(issue)}` }];
    return issue.keys.map((key) => {
      const near = nearest(
        key,
        Object.keys(issue.path[0] === "halving" ? { steps: 0, epochs: 0, factor: 0 } : fileSchema.shape),
      );
      return {
        message: `unknown key ${path === "" ? key : `${path}.${key}`}`,
        ...(near ? { fix: `did you mean ${near}?` } : {}),
      };
    });
  });
  return new FtError({
    code: "sweep.invalid",
    exit: "recipe",
    message: `the sweep ${name} has ${problems.length === 1 ? "a mistake" : `${problems.length} mistakes`}`,
    problems,
    next: "mend it and repeat; docs/sweeps.md says what it may hold",
  });
}

/** Of a key's choices, what a list and what a range lacks. */
function words(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_union") return issue.message;
  const range = issue.errors.at(-1)?.[0]?.message;
  return `a list of values, or { min, max, scale }${range ? ` (${range})` : ""}`;
}

function missing(file: string): FtError {
  return new FtError({
    code: "sweep.missing",
    exit: "usage",
    message: `there is no file ${file} that can be read`,
    next: "name a sweep's file (docs/sweeps.md shows one), or a recipe with --key",
  });
}

function noKeys(name: string): FtError {
  return new FtError({
    code: "usage.sweep",
    exit: "usage",
    message: `no key of ${name} is named to be tried`,
    next: "for example: ft sweep --key train.learning_rate=1e-4,3e-4 --key method.rank=8,16; or write a sweep.yaml (docs/sweeps.md)",
  });
}

function idleHalving(): FtError {
  return new FtError({
    code: "usage.sweep",
    exit: "usage",
    message: "rungs are of method halving",
    next: "add --method halving (or method: halving), or leave the rungs out",
  });
}
