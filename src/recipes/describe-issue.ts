// Says a schema issue in a person's words: which key, what is wrong, what was probably meant.

import type { z } from "zod";
import type { Problem } from "../errors.js";
import { nearest } from "../nearest.js";
import { recipeJsonSchema, schemaAt } from "./json-schema.js";
import { locate, type RecipeSource } from "./locate.js";

type Issue = z.core.$ZodIssue;

/** One problem, or several where one issue names several unknown keys. */
export function describeIssue(issue: Issue, source: RecipeSource): Problem[] {
  const name = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      const known = knownKeys(issue.path, source);
      const near = nearest(key, known);
      return {
        message: `unknown key ${path.map(String).join(".")}`,
        where: locate(source, path),
        fix: near ? `did you mean ${near}?` : `known here: ${known.join(", ")}`,
      };
    });
  }
  const meant = meantAlternative(issue);
  if (meant) return meant.flatMap((inner) => describeIssue({ ...inner, path: [...issue.path, ...inner.path] }, source));
  const where = locate(source, issue.path);
  const given = givenAt(source, issue.path);
  const values = allowedValues(issue);
  if (values) {
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
  const fix = fixFromDocs(issue.path, source);
  if (given === undefined) return [{ message: `${name} is missing`, where, ...fix }];
  const shown =
    typeof given === "object" ? "" : ` (given: ${typeof given === "number" ? given : JSON.stringify(given)})`;
  return [{ message: `${name}: ${plain(issue)}${shown}`, where, ...fix }];
}

/** Of `a word, or a map with these keys` the one that was meant: what is wrong with it, where the other is not even of the kind. */
function meantAlternative(issue: Issue): Issue[] | null {
  if (issue.code !== "invalid_union" || issue.discriminator !== undefined) return null;
  const isOf = (codes: string[]) => (errors: Issue[]) =>
    !errors.some(({ code, path }) => path.length === 0 && codes.includes(code));
  const ofKind = issue.errors.filter(isOf(["invalid_type"]));
  // A list of words fits a map no better than another type does.
  const fitting = ofKind.length > 1 ? ofKind.filter(isOf(["invalid_value"])) : ofKind;
  return fitting.length === 1 && issue.errors.length > 1 ? fitting[0]! : null;
}

function allowedValues(issue: Issue): string[] | null {
  if (issue.code === "invalid_value") return issue.values.map(String);
  if (issue.code !== "invalid_union") return null;
  return "options" in issue ? issue.options.map(String) : null;
}

function givenAt({ values }: RecipeSource, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key], values);
}

/** Without zod's lead-in words; of a union, what its alternatives want. */
function plain(issue: Issue): string {
  if (issue.code === "invalid_union") {
    const wants = issue.errors.flatMap((errors) => errors.map((error) => plain(error)));
    return [...new Set(wants)].join(", or ") || "not of a type that fits";
  }
  return issue.message.replace(/^(Invalid input|Too (big|small)|Invalid (option|string|number)): /, "");
}

function knownKeys(path: readonly PropertyKey[], { values }: RecipeSource): string[] {
  const keys = Object.keys(schemaAt(recipeJsonSchema(), path, values)?.properties ?? {});
  return path.length === 0 ? keys : keys.filter((key) => key !== "extends");
}

function fixFromDocs(path: readonly PropertyKey[], { values }: RecipeSource): { fix?: string } {
  const description = schemaAt(recipeJsonSchema(), path, values)?.description;
  return description ? { fix: `it is: ${description}` } : {};
}
