// What SkyPilot's catalogue asks for a GPU, place by place: read through `sky gpus list`, which provisions nothing and needs no account.
import { z } from "zod";
import { gpuCatalogue, gpuNamed } from "../../plan/gpus.js";
import type { Price } from "../../plan/prices.js";
import type { SkypilotTarget } from "../../recipes/schema/targets/skypilot.js";
import { skyGpus } from "./sky.js";

export interface SkyPrice {
  /** As SkyPilot calls it. */
  gpu: string;
  count: number;
  instance: string | null;
  /** "aws/us-east-1" */
  where: string;
  /** Of the whole machine; null: not offered. */
  usdHour: number | null;
  spotUsdHour: number | null;
}

/** A price is null (0, of some clouds) where something is not offered. */
const offerSchema = z.object({
  cloud: z.string(),
  instance_type: z.string().nullable(),
  accelerator_name: z.string(),
  accelerator_count: z.number(),
  price: z.number().nullable(),
  spot_price: z.number().nullable(),
  region: z.string().nullable(),
});

/** Of machines with `count` such GPUs, where the target may run; the cheapest for it (spot or not) first. Throws as `sky`. */
export async function pricesOf(target: SkypilotTarget, gpu: string, count: number): Promise<SkyPrice[]> {
  const places = target.infra === undefined ? [undefined] : [target.infra].flat();
  const answers = await Promise.all(places.map((infra) => skyGpus(`${gpu}:${count}`, infra)));
  const offers = answers.flatMap((answer) =>
    Object.values(z.record(z.string(), z.array(offerSchema)).parse(answer)).flat(),
  );
  return offers
    .map((offer) => ({
      gpu: offer.accelerator_name,
      count: offer.accelerator_count,
      instance: offer.instance_type,
      where: [offer.cloud.toLowerCase(), offer.region].filter(Boolean).join("/"),
      usdHour: offer.price || null,
      spotUsdHour: offer.spot_price || null,
    }))
    .sort((one, other) => paid(one, target.spot) - paid(other, target.spot));
}

/** The target's prices as ft's plan reads them: of one GPU, of the kind that the target rents. A GPU that ft does not know has none. */
export async function planPrices(target: SkypilotTarget, count: number): Promise<Price[]> {
  const gpus = [target.gpu ?? []].flat();
  const offers = (await Promise.all(gpus.map((gpu) => pricesOf(target, gpu, Math.ceil(count / target.nodes))))).flat();
  return offers.flatMap(({ gpu, count, where, usdHour, spotUsdHour }): Price[] => {
    const usd = target.spot ? spotUsdHour : usdHour;
    const known = gpuNamed(gpu, gpuCatalogue(process.env));
    if (usd === null || !known) return [];
    return [
      {
        ...{ gpu: known.alias, provider: where, kind: target.spot ? "spot" : "on-demand", usdHour: usd / count },
        ...{ date: null, source: "sky gpus list", isOwn: true },
      },
    ];
  });
}

function paid({ usdHour, spotUsdHour }: SkyPrice, isSpot: boolean): number {
  return (isSpot ? spotUsdHour : usdHour) ?? Number.POSITIVE_INFINITY;
}
