// `${NAME}` and `${NAME:-otherwise}` in a recipe's values, filled from the environment. Secrets stay out: a recipe is stored and rendered.
import { type Document, parse, visit } from "yaml";
import type { Env } from "../paths.js";

export interface EnvironmentProblem {
  message: string;
  fix: string;
  /** Where the value begins in the text. */
  offset: number;
}

const reference = /\$(\$|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})/g;
const secret = /(TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|_KEY|^KEY)S?$/i;

/** Changes the document's values in place; `$$` stands for one dollar sign. Without quotes the result is read as YAML: 3 is a number. */
export function substituteEnvironment(document: Document, env: Env): EnvironmentProblem[] {
  const problems: EnvironmentProblem[] = [];
  visit(document, {
    Scalar(key, node) {
      if (key === "key" || typeof node.value !== "string" || !node.value.includes("$")) return;
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
