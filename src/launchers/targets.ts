// Which target a person means: a name of targets.yaml, a launcher whose target needs no settings, or the target's keys themselves.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Document, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { FtError } from "../errors.js";
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

/** Of targets.yaml, in its order; [] where there is none. Throws FtError targets.invalid (exit usage) with file and line. */
export function readTargets(env: Env): NamedTarget[] {
  const file = targetsFile(env);
  if (!existsSync(file)) return [];
  const text = readFileSync(file, "utf8");
  const document = parseDocument(text);
  const problem = document.errors[0];
  if (problem) throw invalid(file, problem.message.split("\n")[0]!, problem.linePos?.[0].line);
  const parsed = targetsFileSchema.safeParse(document.toJS() ?? { targets: {} });
  if (parsed.success) return Object.entries(parsed.data.targets).map(([name, settings]) => ({ name, settings }));
  const issue = parsed.error.issues[0]!;
  const lines = new LineCounter();
  parseDocument(text, { lineCounter: lines });
  const range = rangeOf(document, issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0]!] : issue.path);
  throw invalid(file, issueWords(issue, document.toJS()), range && lines.linePos(range[0]).line);
}

/** Of the innermost node on the way that is there: a missing key has none. */
function rangeOf(document: Document, path: readonly PropertyKey[]): [number, number, number] | undefined {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined;
    if (node?.range) return node.range;
  }
  return undefined;
}

function issueWords(issue: z.core.$ZodIssue, content: unknown): string {
  const where = issue.path.join(".");
  if (issue.code !== "unrecognized_keys") return `${where}: ${issue.message}`;
  const target = issue.path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
    content,
  );
  const launcher = (target as { launcher?: unknown } | undefined)?.launcher;
  const known = targetSchema.options.find(({ shape }) => shape.launcher.value === launcher);
  const near = known && nearest(issue.keys[0]!, Object.keys(known.shape));
  return `${where}: unknown key ${issue.keys[0]}${near ? `, did you mean ${near}?` : ""}`;
}

/** Throws FtError targets.unknown (exit usage), targets.invalid. */
export function resolveTarget(on: string | Target, env: Env): NamedTarget {
  if (typeof on !== "string") return { name: on.launcher, settings: on };
  const known = readTargets(env);
  const found = known.find(({ name }) => name === on) ?? bareTarget(on);
  if (found) return found;
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

function invalid(file: string, why: string, line: number | undefined): FtError {
  return new FtError({
    code: "targets.invalid",
    exit: "usage",
    message: "targets.yaml cannot be read",
    where: { file, ...(line === undefined ? {} : { line }) },
    why,
    next: "mend it; docs/launching.md shows each launcher's keys",
  });
}
