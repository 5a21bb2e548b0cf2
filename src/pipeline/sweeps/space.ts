// The space of a sweep: for each key of the recipe the values to try, a list or a range; as sweep.yaml and `--key` write it.
import { parse } from "yaml";
import { z } from "zod";
import { FtError } from "../../errors.js";

/** As YAML and JSON have it; null leaves the key to ft. */
export type Value = z.infer<typeof valueSchema>;
const valueSchema = z.json();

const rangeSchema = z
  .strictObject({
    min: z.number(),
    max: z.number(),
    scale: z
      .enum(["linear", "log", "int"])
      .default("linear")
      .describe("log: as many values between 1 and 10 as between 10 and 100; int: whole numbers, both ends included"),
  })
  .refine(({ min, max }) => min < max, "min must be below max")
  .refine(({ min, scale }) => scale !== "log" || min > 0, "with scale log, min must be above 0")
  .refine(
    ({ min, max, scale }) => scale !== "int" || (Number.isInteger(min) && Number.isInteger(max)),
    "with scale int, min and max are whole numbers",
  );

export type Range = z.infer<typeof rangeSchema>;
export type Choices = Value[] | Range;
/** By the recipe's keys, dotted. */
export type Space = Record<string, Choices>;

export const spaceSchema = z.record(z.string().min(1), z.union([z.array(valueSchema).min(1), rangeSchema]));

export function isRange(choices: Choices): choices is Range {
  return !Array.isArray(choices);
}

/**
 * `train.learning_rate=1e-4,3e-4` (each a YAML value), `train.learning_rate=1e-5..1e-3:log`, `method.rank=4..64:int`.
 * Throws FtError usage.key.
 */
export function parseKeyFlag(typed: string): [string, Choices] {
  const [, key, text] = /^([A-Za-z_][\w-]*(?:\.[\w-]+)*)=(.+)$/s.exec(typed) ?? [];
  if (key === undefined || text === undefined) throw badKey(typed, "it is not of the form key.key=values");
  const [, min, max, scale = "linear"] = /^([^.,[\]]\S*?)\.\.([^:]+)(?::(\w+))?$/.exec(text) ?? [];
  if (min === undefined) return [key, listed(typed, text)];
  const range = rangeSchema.safeParse({ min: Number(min), max: Number(max), scale });
  if (!range.success) throw badKey(typed, range.error.issues[0]!.message);
  return [key, range.data];
}

function listed(typed: string, text: string): Value[] {
  try {
    return z
      .array(valueSchema)
      .min(1)
      .parse(parse(`[${text}]`));
  } catch (cause) {
    throw badKey(typed, (cause as Error).message.split("\n")[0]!);
  }
}

function badKey(typed: string, why: string): FtError {
  return new FtError({
    code: "usage.key",
    exit: "usage",
    message: `--key ${typed} cannot be read`,
    why,
    next: "for example: --key train.learning_rate=1e-4,3e-4 --key method.rank=4..64:int --key train.weight_decay=1e-3..0.1:log",
  });
}
