// `${NAME}` and `${NAME:-otherwise}` in a recipe's values, filled from the environment. Secrets stay out: a recipe is stored and rendered.
import { type Document, parse, visit } from "yaml";
import type { Env } from "../paths.js";

export interface EnvironmentProblem {
  message: string;
  fix: string;
  /** Where the value begins in the text. */
  offset: number;
}

const name = "[A-Za-z_][A-Za-z0-9_]*";
const reference = new RegExp(`\\$(\\$|⟨(${name})(?::-([^⟩]*))?⟩)`, "g");

/** In a YAML text: the braces of references as signs that mean nothing to YAML, so that `{ seed: ${SEED:-7} }` can be read. No offset moves. */
export function hideBraces(text: string): string {
  return text.replace(new RegExp(`(?<!\\$)\\$\\{(${name}(?::-[^}\n]*)?)\\}`, "g"), "$$⟨$1⟩");
}

/** The opposite of `hideBraces`. */
export function showBraces(text: string): string {
  return text.replace(new RegExp(`\\$⟨(${name}(?::-[^⟩]*)?)⟩`, "g"), "$${$1}");
}
const secret = /(TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|_KEY|^KEY)S?$/i;

/** Changes the values of a document, read with `hideBraces`, in place; `$$` stands for one dollar sign. Without quotes the result is read as YAML: 3 is a number. */
export function substituteEnvironment(document: Document, env: Env): EnvironmentProblem[] {
  const problems: EnvironmentProblem[] = [];
  visit(document, {
    Scalar(key, node) {
      if (typeof node.value !== "string" || !node.value.includes("$")) return;
      if (key === "key") {
        node.value = showBraces(node.value);
        return;
      }
      const text = node.value.replace(reference, (whole, _, name?: string, otherwise?: string) => {
        if (name === undefined) return "$";
        const problem = secret.test(name) ? secretProblem(name) : missing(name, env[name], otherwise);
        if (problem) problems.push({ ...problem, offset: node.range?.[0] ?? 0 });
        return problem ? whole : env[name] || (otherwise ?? "");
      });
      if (text === node.value) return;
      node.value = node.type === "PLAIN" ? scalarOf(text) : text;
    },
  });
  return problems;
}

function missing(
  name: string,
  value: string | undefined,
  otherwise: string | undefined,
): { message: string; fix: string } | null {
  if (value || otherwise !== undefined) return null;
  return { message: `the environment has no ${name}`, fix: `set it, or write \${${name}:-<what else>}` };
}

function secretProblem(name: string) {
  return {
    message: `${name} looks like a secret, and a recipe is stored and shown`,
    fix: "leave it in the environment: the trainer sees it there",
  };
}

/** Only plain values: what a variable holds never becomes a map or a list. */
function scalarOf(text: string): unknown {
  try {
    const value: unknown = parse(text);
    return typeof value === "object" && value !== null ? text : value;
  } catch {
    return text;
  }
}
