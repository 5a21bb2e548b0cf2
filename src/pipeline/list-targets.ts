// The targets that a person can name, and what each answers.
import type { Device } from "../engines/machine.js";
import { FtError } from "../errors.js";
import { loadLauncher } from "../launchers/index.js";
import { bareTargets, type NamedTarget, readTargets, targetsFile } from "../launchers/targets.js";
import type { Env } from "../paths.js";
import type { Target } from "../recipes/schema/targets.js";

export interface ListedTarget {
  name: string;
  launcher: string;
  /** The machine, in the words of the settings. */
  where: string;
  /** Null: they are wrong. */
  settings: Target | null;
  /** What a run would train on there; null: not asked, or it did not answer. */
  found: string | null;
  /** Why it did not answer, or what is wrong with it. */
  problem: string | null;
}

/** `check`: ask those of targets.yaml, all at once. Throws FtError targets.invalid (usage). */
export async function listTargets(
  env: Env,
  { check }: { check: boolean },
): Promise<{ file: string; targets: ListedTarget[] }> {
  const { targets, wrong } = readTargets(env);
  const bare = bareTargets().filter(({ name }) => ![...targets, ...wrong].some((target) => target.name === name));
  const asked = await Promise.all(targets.map((target) => (check ? ask(target) : listed(target))));
  const unusable = wrong.map(({ name, launcher, problems }): ListedTarget => {
    const problem = problems.map(({ message, where }) => `line ${where?.line}: ${message}`).join("; ");
    return { name, launcher: String(launcher ?? ""), where: "", settings: null, found: null, problem };
  });
  return { file: targetsFile(env), targets: [...asked, ...unusable, ...bare.map((target) => listed(target))] };
}

function listed({ name, settings }: NamedTarget): ListedTarget {
  return { name, launcher: settings.launcher, where: whereIs(settings), settings, found: null, problem: null };
}

async function ask(target: NamedTarget): Promise<ListedTarget> {
  try {
    const launcher = await loadLauncher(target.settings.launcher);
    const { device, checks } = await launcher.probe(target.settings);
    const missing = checks.find(({ status }) => status === "missing");
    return {
      ...listed(target),
      found: deviceWords(device),
      problem: missing ? `${missing.name}: ${missing.detail}` : null,
    };
  } catch (error) {
    if (!(error instanceof FtError)) throw error;
    return { ...listed(target), problem: `${error.message}${error.why ? `: ${error.why}` : ""}` };
  }
}

function deviceWords({ kind, count, names }: Device): string {
  return kind === "cpu" ? "CPU" : `${count} x ${names[0] ?? kind}`;
}

/** A machine to be reached by ssh, else this one or the platform's. */
function whereIs(settings: Target): string {
  const connection = ["at", "login", "host"].map((key) => (settings as Record<string, unknown>)[key]).find(Boolean);
  if (connection && typeof connection === "object" && "host" in connection) return String(connection.host);
  switch (settings.launcher) {
    case "kubernetes":
      return `${settings.context ?? "current context"}/${settings.namespace}`;
    case "skypilot":
      return [settings.infra ?? "wherever it is cheapest"].flat().join(", ");
    case "hf-jobs":
      return `${settings.namespace}, ${settings.flavor}`;
    default:
      return "this machine";
  }
}
