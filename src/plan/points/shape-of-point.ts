// The shape of a measured model from its row: the dimensions that the row has, and for the rest whatever makes its parameter count come out.
import { catalogue } from "../../models/catalogue.js";
import type { ModelShape } from "../../models/model-shape.js";
import { countParameters, weightGroups } from "../../models/weight-groups.js";
import type { Point } from "./read-points.js";

/** Null when neither the row nor the catalogue has the dimensions. */
export function shapeOfPoint(point: Point): ModelShape | null {
  const { hidden, layers, heads } = point;
  if (hidden === null || layers === null || heads === null) return findByName(point.model);
  const like = likeIn(point, { hidden, layers, heads });
  const experts = Number(/(\d+)x\d/i.exec(point.model)?.[1] ?? 0);
  const given = {
    ...{ hidden, layers, heads, paramsB: point.params_b ?? 0 },
    kvHeads: point.kv_heads ?? like?.kvHeads ?? heads,
    intermediate: point.intermediate ?? like?.intermediate ?? 4 * hidden,
    vocab: point.vocab ?? like?.vocab ?? 32_000,
    ...{ experts, expertsPerToken: experts > 0 ? 2 : 0 },
    family: familyOf(point.model),
  };
  const shapes = candidates(given);
  const best = nearestTo(point.params_b, shapes);
  return point.params_b === null ? { ...best, paramsB: countParameters(weightGroups(best)) / 1e9 } : best;
}

/** The catalogue's model of these dimensions; of several, the one whose size is nearest to that in the name ("7b"). */
function likeIn({ model }: Point, dimensions: Pick<ModelShape, "hidden" | "layers" | "heads">): ModelShape | undefined {
  const { hidden, layers, heads } = dimensions;
  const named = Number(/(\d+(?:\.\d+)?)b\b/i.exec(model)?.[1] ?? 0);
  return catalogue()
    .filter((entry) => entry.hidden === hidden && entry.layers === layers && entry.heads === heads)
    .sort((a, b) => Math.abs(a.paramsB - named) - Math.abs(b.paramsB - named))[0];
}

function findByName(model: string): ModelShape | null {
  const plain = (name: string): string =>
    name
      .toLowerCase()
      .replace(/^.*\//, "")
      .replace(/[^a-z0-9]/g, "");
  return catalogue().find(({ alias, hubId }) => [alias, hubId].some((name) => plain(name) === plain(model))) ?? null;
}

/** What decides biases and head norms; the rest follows from the numbers. */
function familyOf(model: string): string {
  const families: [RegExp, string][] = [
    [/gemma-?2/i, "gemma2"],
    [/gemma-?3/i, "gemma3"],
    [/qwen-?3/i, "qwen3"],
    [/qwen/i, "qwen2"],
    [/olmo-?[23]/i, "olmo2"],
    [/phi-?[34]/i, "phi3"],
    [/phi/i, "phi"],
    [/neox|pythia|stablelm-base-alpha|redpajama|dolly/i, "gpt-neox"],
    [/falcon-?(7b|40b|180b)/i, "falcon"],
    [/bigcode|santacoder|starcoder/i, "gpt-bigcode"],
    [/mixtral/i, "mixtral"],
  ];
  return families.find(([name]) => name.test(model))?.[1] ?? "llama";
}

/** Every reading of the row: gated or not, head tied or not, usual head widths. */
function candidates(given: Omit<ModelShape, "headDim" | "tiedEmbeddings">): ModelShape[] {
  const widths = new Set([given.hidden / given.heads, 64, 80, 96, 128, 256]);
  return [...widths]
    .filter(Number.isInteger)
    .flatMap((headDim) =>
      [true, false].flatMap((gated) =>
        [false, true].map((tiedEmbeddings): ModelShape => ({ ...given, headDim, tiedEmbeddings, details: { gated } })),
      ),
    );
}

function nearestTo(paramsB: number | null, shapes: readonly ModelShape[]): ModelShape {
  // Without a count: the usual one, gated, untied, heads as wide as they divide.
  if (paramsB === null) return shapes[0]!;
  const distance = (shape: ModelShape): number => Math.abs(countParameters(weightGroups(shape)) / 1e9 / paramsB - 1);
  // Within half a percent the earlier, more usual reading is taken.
  return shapes.reduce((best, shape) => (distance(shape) < distance(best) - 0.005 ? shape : best));
}
