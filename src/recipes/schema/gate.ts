// recipe key `gate`: when a candidate may replace the champion (docs/gate.md).
import { z } from "zod";

const share = z.number().min(0).lt(1);
const percent = z.string().regex(/^\d+(\.\d+)? ?%$/, "a percentage of the champion's value, such as 2%");
/** Of a metric: in its own unit, or as a percentage of the champion's value. */
const ownMargin = z.union([z.number().min(0), percent]);

export const gateSchema = z.strictObject({
  primary: z
    .string()
    .min(1)
    .optional()
    .describe(
      "suite/metric that is held to margin; the others are guards. Default: the first metric of the first suite. all: every metric is held to margin",
    ),
  guards: z
    .union([z.literal("all"), z.array(z.string().min(1))])
    .default("all")
    .describe("suite/metric names that are held to guard_margin; a list leaves the other metrics out"),
  margin: share
    .default(0.02)
    .describe("how much lower the primary metric may be, at worst, as a share of its scale: 0.02 is 2 points"),
  guard_margin: share.default(0.03).describe("the same for guards"),
  loss_margin: share
    .default(0.01)
    .describe("how much higher losses and perplexities may be, at worst, as a share of the champion's: 0.01 is 1 %"),
  margins: z
    .record(z.string().min(1), ownMargin)
    .default({})
    .describe("margins of single metrics, {suite/metric: 0.5} in the metric's own unit, or 2% of the champion's value"),
  floors: z
    .record(z.string().min(1), z.number())
    .default({})
    .describe("values that a candidate must reach whatever the champion has, {suite/metric: 0.9}"),
  confidence: z.number().min(0.5).lt(1).default(0.95).describe("of each one-sided bound"),
  min_items: z.int().min(2).default(100).describe("items that a metric needs; with fewer the verdict is hold"),
  min_clusters: z.int().min(2).default(20).describe("groups of items that are needed where items come in groups"),
  accept_first: z.boolean().default(false).describe("promote the first candidate, where there is no champion yet"),
});

/** The rule by which the gate decides. */
export type GateRule = z.output<typeof gateSchema>;
