// One answer, one scorer, one number. Pure but for code, which runs in its sandbox.
import type { Validator } from "@cfworker/json-schema";
import { z } from "zod";
import type { Scorer } from "../../recipes/schema/suites.js";
import type { SuiteItem } from "../suites/suite-items.js";
import { passesTests, type Sandbox } from "./code.js";
import { exactMatch } from "./held-out.js";
import { isNear, lastNumber } from "./numeric.js";
import { bleu, chrf, rouge, wordF1 } from "./overlap.js";
import { toolCallsMatch } from "./tool-calls.js";

export interface ScoringTools {
  /** Of the suite's `json_schema` scorers by name, as `loadSchemas` gives them. */
  schemas: ReadonlyMap<string, Validator>;
  /** Null: no scorer runs code. */
  sandbox: Sandbox | null;
  /** Whether a pattern matches a text. */
  matches: (pattern: string, text: string) => boolean;
  signal?: AbortSignal | undefined;
}

export function scorerName({ name, type }: Scorer): string {
  return name ?? type;
}

/** Columns of the data that a scorer reads. */
export function columnsOf(scorer: Scorer): string[] {
  if (scorer.type === "code") return [scorer.tests];
  return "column" in scorer && scorer.column !== undefined ? [scorer.column] : [];
}

/** 0..1; null: the scorer has nothing to say of this item. Throws when it cannot score it: a bad pattern, a column of another type. */
export async function scoreAnswer(
  scorer: Scorer,
  output: string,
  item: SuiteItem,
  { schemas, sandbox, matches, signal }: ScoringTools,
): Promise<number | null> {
  switch (scorer.type) {
    case "exact":
      return scorer.ignore_case
        ? exactMatch(output.toLowerCase(), text(scorer, item).toLowerCase())
        : exactMatch(output, text(scorer, item));
    case "contains":
      return holds(output, texts(scorer, item), scorer);
    case "regex":
      return matches(scorer.pattern ?? text(scorer, item), output) ? 1 : 0;
    case "json_schema":
      return isValid(output, schemas.get(scorerName(scorer))!);
    case "numeric":
      return isNumber(output, number(scorer, item), scorer);
    case "f1":
      return wordF1(output, text(scorer, item));
    case "rouge":
      return rouge(output, text(scorer, item), scorer.variant);
    case "bleu":
      return bleu(output, text(scorer, item));
    case "chrf":
      return chrf(output, text(scorer, item));
    case "tool_calls":
      return toolCallsMatch(
        output,
        (item.answer?.tool_calls ?? []).map((call) => call.function),
      );
    case "code":
      return passesTests(output, z.string().parse(item.fields[scorer.tests]), {
        ...{ sandbox: sandbox!, timeout: scorer.timeout, signal },
      });
    case "check":
      return check(output, checkSchema.parse(item.fields[scorer.column]), matches);
  }
}

/** How a row says that it is scored; all that it says must hold. */
const someTexts = z.union([z.string(), z.array(z.string()).min(1)]).transform((given) => [given].flat());
const checkSchema = z
  .strictObject({
    numeric: z.number().optional(),
    tolerance: z.number().nonnegative().default(0),
    contains: someTexts.optional(),
    any: someTexts.optional(),
    without: someTexts.optional(),
    regex: z.string().optional(),
  })
  .refine(({ tolerance: _, ...rest }) => Object.values(rest).some((rule) => rule !== undefined), "it checks nothing");

function check(output: string, rules: z.output<typeof checkSchema>, matches: ScoringTools["matches"]): 0 | 1 {
  const { numeric, tolerance, contains, any, without, regex } = rules;
  const ignoreCase = { ignore_case: true };
  const verdicts = [
    numeric === undefined || isNumber(output, numeric, { tolerance }),
    contains === undefined || holds(output, contains, { ...ignoreCase, any: false }),
    any === undefined || holds(output, any, { ...ignoreCase, any: true }),
    without === undefined || !holds(output, without, { ...ignoreCase, any: true }),
    regex === undefined || matches(regex, output),
  ];
  return verdicts.every(Boolean) ? 1 : 0;
}

function holds(output: string, wanted: string[], how: { any: boolean; ignore_case: boolean }): 0 | 1 {
  const even = (one: string) => (how.ignore_case ? one.toLowerCase() : one);
  const isIn = (one: string) => even(output).includes(even(one));
  return (how.any ? wanted.some(isIn) : wanted.every(isIn)) ? 1 : 0;
}

/** The whole answer, without a code fence: a program that parses it would fail over one too. */
function isValid(output: string, schema: Validator): 0 | 1 {
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch {
    return 0;
  }
  return schema.validate(value).valid ? 1 : 0;
}

function isNumber(output: string, wanted: number, how: { tolerance?: number; relative?: number }): 0 | 1 {
  const found = lastNumber(output);
  return found !== null && isNear(found, wanted, how) ? 1 : 0;
}

/** The column that the scorer names, else the reference. */
function wantedOf({ column }: { column?: string | undefined }, { fields, reference }: SuiteItem): unknown {
  return column === undefined ? reference : fields[column];
}

function text(scorer: { column?: string | undefined }, item: SuiteItem): string {
  const wanted = wantedOf(scorer, item);
  if (typeof wanted === "string") return wanted;
  if (typeof wanted === "number" || typeof wanted === "boolean") return String(wanted);
  throw new Error(`${placeOf(scorer)} is ${typeName(wanted)}, not a text`);
}

function texts(scorer: { column?: string | undefined }, item: SuiteItem): string[] {
  const wanted = wantedOf(scorer, item);
  if (!Array.isArray(wanted)) return [text(scorer, item)];
  if (wanted.length > 0 && wanted.every((one) => typeof one === "string")) return wanted;
  throw new Error(`${placeOf(scorer)} is not a list of texts`);
}

function number(scorer: { column?: string | undefined }, item: SuiteItem): number {
  const wanted = wantedOf(scorer, item);
  const value = typeof wanted === "number" ? wanted : lastNumber(text(scorer, item));
  if (value === null) throw new Error(`${placeOf(scorer)} has no number`);
  return value;
}

function placeOf({ column }: { column?: string | undefined }): string {
  return column === undefined ? "the reference" : `column "${column}"`;
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return "missing";
  return Array.isArray(value) ? "a list" : typeof value;
}
