// Which target a person means: a name of targets.yaml, a launcher whose target needs no settings, or the target's keys themselves.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { FtError } from "../errors.js";
import { nearest } from "../nearest.js";
import { type Env, ftConfigDir } from "../paths.js";
import { type LauncherName, type Target, targetSchema, targetsFileSchema } from "../recipes/schema/targets.js";

export interface NamedTarget {
  name: string;
  settings: Target;
}

export function targetsFile(env: Env): string {
  return join(ftConfigDir(env), "targets.yaml");
}

/** Of targets.yaml, in its order; [] where there is none. Throws FtError targets.invalid (exit usage) with file and line. */
export function readTargets(env: Env): NamedTarget[] {
  const file = targetsFile(env);
  if (!existsSync(file)) return [];
  const document = parseDocument(readFileSync(file, "utf8"));
  const problem = document.errors[0];
  if (problem) throw invalid(file, problem.message.split("\n")[0]!, problem.linePos?.[0].line);
  const parsed = targetsFileSchema.safeParse(document.toJS() ?? { targets: {} });
  if (parsed.success) return Object.entries(parsed.data.targets).map(([name, settings]) => ({ name, settings }));
  const issue = parsed.error.issues[0]!;
  const node = document.getIn(issue.path, true) as { range?: [number, number, number] } | undefined;
  const line = node?.range ? readFileSync(file, "utf8").slice(0, node.range[0]).split("\n").length : undefined;
  throw invalid(file, `${issue.path.join(".")}: ${issue.message}`, line);
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
