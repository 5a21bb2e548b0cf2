// Says a schema issue in a person's words: which key, what is wrong, what was probably meant.
import { distance } from "fastest-levenshtein";
import { z } from "zod";
import type { Problem } from "../errors.js";
import { shortForms } from "./apply-sets.js";
import { locate, type RecipeSource } from "./locate.js";
import { recipeSchema } from "./schema.js";

type Issue = z.core.$ZodIssue;

/** One problem, or several where one issue names several unknown keys. */
export function describeIssue(issue: Issue, source: RecipeSource): Problem[] {
  const name = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      const known = knownKeys(issue.path);
      const near = nearest(key, known);
      return {
        message: `unknown key ${path.map(String).join(".")}`,
        where: locate(source, path),
        fix: near ? `did you mean ${near}?` : `known here: ${known.join(", ")}`,
      };
    });
  }
  const where = locate(source, issue.path);
  const given = givenAt(source, issue.path);
  if (issue.code === "invalid_value") {
    const values = issue.values.map(String);
    const near = nearest(String(given), values);
    const fix = `${near ? `did you mean ${near}? ` : ""}one of: ${values.join(", ")}`;
    return [
      {
        message: given === undefined ? `${name} is missing` : `${name} cannot be ${JSON.stringify(given)}`,
        where,
        fix,
      },
    ];
  }
  if (given === undefined) return [{ message: `${name} is missing`, where, ...fixFromDocs(issue.path) }];
  const shown =
    typeof given === "object" ? "" : ` (given: ${typeof given === "number" ? given : JSON.stringify(given)})`;
  return [{ message: `${name}: ${plain(issue)}${shown}`, where, ...fixFromDocs(issue.path) }];
}

/** What stands there; for `method: lorra`, short for `method: { type: lorra }`, the word itself. */
function givenAt({ document }: RecipeSource, path: readonly PropertyKey[]): unknown {
  const keys = path.map(String);
  const outer = document.getIn(keys.slice(0, -1));
  return shortForms[keys[0]!] === keys[1] && typeof outer === "string" ? outer : document.getIn(keys);
}

/** Without zod's lead-in words; of a union, what its alternatives want. */
function plain(issue: Issue): string {
  if (issue.code === "invalid_union") {
    const wants = issue.errors.flatMap((errors) => errors.map((error) => plain(error)));
    return [...new Set(wants)].join(", or ") || "not of a type that fits";
  }
  return issue.message.replace(/^(Invalid input|Too (big|small)|Invalid (option|string|number)): /, "");
}

function nearest(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates.map((candidate) => ({ candidate, away: distance(word.toLowerCase(), candidate) }));
  ranked.sort((a, b) => a.away - b.away);
  const best = ranked[0];
  return best && best.away <= Math.max(2, word.length / 3) ? best.candidate : undefined;
}

interface SchemaNode {
  properties?: Record<string, SchemaNode>;
  description?: string;
}

function schemaAt(path: readonly PropertyKey[]): SchemaNode | undefined {
  let node = z.toJSONSchema(recipeSchema, { io: "output", unrepresentable: "any" }) as SchemaNode | undefined;
  for (const key of path) node = node?.properties?.[String(key)];
  return node;
}

function knownKeys(path: readonly PropertyKey[]): string[] {
  return Object.keys(schemaAt(path)?.properties ?? {});
}

function fixFromDocs(path: readonly PropertyKey[]): { fix?: string } {
  const description = schemaAt(path)?.description;
  return description ? { fix: `it is: ${description}` } : {};
}
