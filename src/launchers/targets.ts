// Which target a person means: a name of targets.yaml, a launcher whose target needs no settings, or the target's keys themselves.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Document, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { FtError, type Place, type Problem } from "../errors.js";
import { nearest } from "../nearest.js";
import { type Env, ftConfigDir } from "../paths.js";
import { type LauncherName, type Target, targetSchema, targetsFileSchema } from "../recipes/schema/targets.js";

export interface NamedTarget {
  name: string;
  settings: Target;
}

/** Whatever they are called. */
export function isSameTarget({ settings: one }: NamedTarget, { settings: other }: NamedTarget): boolean {
  return isDeepStrictEqual(one, other);
}

export function targetsFile(env: Env): string {
  return join(ftConfigDir(env), "targets.yaml");
}

/** What targets.yaml says, in its order. */
export interface WrittenTargets {
  targets: NamedTarget[];
  /** Those that cannot be used: each one's name, and what is wrong with it. The others can. */
  wrong: { name: string; launcher: unknown; problems: Problem[] }[];
}

/** Nothing where there is no file. Throws FtError targets.invalid (exit usage), with file and line, where it is no file of targets at all. */
export function readTargets(env: Env): WrittenTargets {
  const file = targetsFile(env);
  if (!existsSync(file)) return { targets: [], wrong: [] };
  const text = readFileSync(file, "utf8");
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number | undefined): Place =>
    offset === undefined ? { file } : { file, line: lines.linePos(offset).line };
  if (document.errors.length > 0)
    throw invalid(document.errors.map(({ message, pos }) => ({ message, where: place(pos[0]) })));
  const content = document.toJS() ?? { targets: {} };
  const issues = targetsFileSchema.safeParse(content).error?.issues ?? [];
  const told = (some: z.core.$ZodIssue[]): Problem[] =>
    some.flatMap((issue) =>
      problemsOf(issue, content).map(({ path, message }) => ({ message, where: place(rangeOf(document, path)?.[0]) })),
    );
  if (issues.some(({ path }) => path.length < 2)) throw invalid(told(issues));
  const written: WrittenTargets = { targets: [], wrong: [] };
  for (const [name, value] of Object.entries((content as { targets: Record<string, unknown> }).targets)) {
    const own = issues.filter(({ path }) => path[1] === name);
    if (own.length === 0) written.targets.push({ name, settings: targetSchema.parse(value) });
    else
      written.wrong.push({ name, launcher: (value as { launcher?: unknown } | null)?.launcher, problems: told(own) });
  }
  return written;
}

/** One sentence for each target that is left out, for a command that uses another. */
export function wrongTargets(env: Env): string[] {
  return readTargets(env).wrong.map(({ name, problems }) => {
    const [{ message, where }] = problems as [Problem];
    return `target ${name} cannot be used: ${message} (${where?.file}${where?.line ? `:${where.line}` : ""})`;
  });
}

/** Of the innermost node on the way that is there: a missing key has none. */
function rangeOf(document: Document, path: readonly PropertyKey[]): [number, number, number] | undefined {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined;
    if (node?.range) return node.range;
  }
  return undefined;
}

/** One, or one for each unknown key. */
function problemsOf(issue: z.core.$ZodIssue, content: unknown): { path: PropertyKey[]; message: string }[] {
  const where = issue.path.join(".");
  if (issue.code === "invalid_key")
    return [{ path: issue.path, message: `${where}: ${issue.issues.map(({ message }) => message).join("; ")}` }];
  if (issue.code !== "unrecognized_keys") return [{ path: issue.path, message: `${where}: ${issue.message}` }];
  const target = issue.path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
    content,
  );
  const launcher = (target as { launcher?: unknown } | undefined)?.launcher;
  const known = targetSchema.options.find(({ shape }) => shape.launcher.value === launcher);
  return issue.keys.map((key) => {
    const near = known && nearest(key, Object.keys(known.shape));
    return {
      path: [...issue.path, key],
      message: `${where}${where && ": "}unknown key ${key}${near ? `, did you mean ${near}?` : ""}`,
    };
  });
}

/** Throws FtError targets.unknown (exit usage), targets.invalid. */
export function resolveTarget(on: string | Target, env: Env): NamedTarget {
  if (typeof on !== "string") return { name: on.launcher, settings: on };
  const { targets, wrong } = readTargets(env);
  if (wrong.some(({ name }) => name === on)) throw invalid(wrong.flatMap(({ problems }) => problems));
  const found = targets.find(({ name }) => name === on) ?? bareTarget(on);
  if (found) return found;
  const known = [...targets, ...wrong];
  const names = [...known.map(({ name }) => name), ...launcherNames];
  const near = nearest(on, names);
  throw new FtError({
    code: "targets.unknown",
    exit: "usage",
    message: `there is no target ${on}`,
    why:
      known.length === 0
        ? `${targetsFile(env)} has none`
        : `${targetsFile(env)} has ${known.map(({ name }) => name).join(", ")}`,
    next: `${near ? `did you mean ${near}? ` : ""}\`ft launch targets\` lists them; docs/launching.md says how to write one`,
  });
}

const launcherNames = targetSchema.options.map(({ shape }) => shape.launcher.value);

/** Launchers that a person can name without having written a target. */
export function bareTargets(): NamedTarget[] {
  return launcherNames.flatMap((name) => {
    const settings = targetSchema.safeParse({ launcher: name });
    return settings.success ? [{ name, settings: settings.data }] : [];
  });
}

/** A launcher's name stands for its target, where that has no key that must be given. */
function bareTarget(on: string): NamedTarget | null {
  if (!launcherNames.includes(on as LauncherName)) return null;
  const settings = targetSchema.safeParse({ launcher: on });
  if (settings.success) return { name: on, settings: settings.data };
  throw new FtError({
    code: "targets.incomplete",
    exit: "usage",
    message: `the launcher ${on} has to be told where`,
    why: settings.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "),
    next: "write a target with these keys into targets.yaml, or into the recipe's compute.on (docs/launching.md)",
  });
}

function invalid(problems: Problem[]): FtError {
  return new FtError({
    code: "targets.invalid",
    exit: "usage",
    message: "targets.yaml cannot be read",
    where: problems[0]!.where,
    problems,
    next: "mend it; docs/launching.md shows each launcher's keys",
  });
}
