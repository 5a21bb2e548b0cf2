// What a GPU costs an hour: rows of provider, kind, price, date and source. Data: data/prices.jsonl, and a file of the person's own over it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { FtError } from "../errors.js";
import { type Env, packageRoot } from "../paths.js";
import { ownFile, readJsonLines } from "./own-tables.js";

/** on-demand: a data centre's list price; community and marketplace: other people's machines; spot: may be taken away at any time. */
const priceKinds = ["on-demand", "community", "marketplace", "spot"] as const;

const priceSchema = z.strictObject({
  /** Alias of the GPU list, or "cpu": this machine. */
  gpu: z.string().min(1),
  provider: z.string().min(1),
  kind: z.enum(priceKinds).default("on-demand"),
  /** US dollars for one GPU (or the machine) and hour. */
  usdHour: z.number().nonnegative(),
  /** YYYY-MM-DD or YYYY-MM; null: the source does not say. */
  date: z
    .string()
    .regex(/^\d{4}-\d{2}(-\d{2})?$/, "not a date: YYYY-MM-DD or YYYY-MM")
    .nullable()
    .default(null),
  source: z.string().default("your own"),
  note: z.string().optional(),
});

export interface Price extends z.output<typeof priceSchema> {
  /** From the person's own file. */
  isOwn: boolean;
}

/** Throws FtError plan.prices-invalid (exit usage) for a file of the person's own that cannot be used. */
export function priceTable(env: Env): Price[] {
  const file = ownFile("FT_PRICES", "prices.jsonl", env);
  if (env.FT_PRICES && !existsSync(file)) throw invalid(file, 1, "there is no such file");
  return [
    ...pricesOf(join(packageRoot, "data/prices.jsonl"), false),
    ...(existsSync(file) ? pricesOf(file, true) : []),
  ];
}

function pricesOf(file: string, isOwn: boolean): Price[] {
  return readJsonLines(file, invalid).map(({ value, line }) => {
    const parsed = priceSchema.safeParse(value);
    if (parsed.success) return { ...parsed.data, isOwn };
    const [issue] = parsed.error.issues;
    throw invalid(file, line, `${issue!.path.join(".") || "keys"}: ${issue!.message}`);
  });
}

function invalid(file: string, line: number, why: string): FtError {
  return new FtError({
    code: "plan.prices-invalid",
    exit: "usage",
    message: `${file} is no list of prices`,
    where: { file, line },
    why,
    next: 'write one price a line, for example {"gpu": "l4", "provider": "ours", "usdHour": 0.5, "date": "2026-11-01"} (data/README.md)',
  });
}

export interface Rates {
  /** Cheapest of any kind; the middle one of on-demand prices, of two the dearer (of all kinds, where none is on demand); the dearest. */
  low: Price;
  mid: Price;
  high: Price;
}

/** A person's own prices of a GPU stand in place of the shipped ones. Null: no price is known. */
export function ratesOf(gpu: string, prices: readonly Price[]): Rates | null {
  const all = prices.filter((price) => price.gpu === gpu);
  const own = all.filter(({ isOwn }) => isOwn);
  const rows = (own.length > 0 ? own : all).toSorted((a, b) => a.usdHour - b.usdHour);
  if (rows.length === 0) return null;
  const onDemand = rows.filter(({ kind }) => kind === "on-demand");
  const middle = onDemand.length > 0 ? onDemand : rows;
  return { low: rows[0]!, mid: middle[Math.floor(middle.length / 2)]!, high: rows.at(-1)! };
}
