// What SkyPilot offers for a target: the program, the bucket's program, and the GPUs with their prices. No machine is started.
import type { Device } from "../../engines/machine.js";
import { gpuCatalogue } from "../../plan/gpus.js";
import type { Price } from "../../plan/prices.js";
import type { SkypilotTarget } from "../../recipes/schema/targets/skypilot.js";
import type { Probe } from "../contract.js";
import { missingBucketTool } from "./bucket.js";
import { pricesOf, type SkyPrice } from "./prices.js";
import { skyVersion } from "./sky.js";

type Check = Probe["checks"][number];
/** SkyPilot takes the cheapest machine that is free: it, or one of the next. */
const likely = 3;
/** Machines with GPUs have so many, at most. */
const mostGpus = 8;

export async function probeSky(target: SkypilotTarget): Promise<Probe> {
  const version: Check = { name: "sky", status: "ok", detail: await skyVersion(), next: null };
  const tool = await missingBucketTool(target.bucket);
  const bucket: Check = {
    ...{ name: "bucket", status: tool ? "warn" : "ok", detail: tool ? `there is no \`${tool}\` here` : target.bucket },
    next: tool ? "without it results stay in the bucket, and a cancelled run saves no last checkpoint" : null,
  };
  const gpus = [target.gpu ?? []].flat();
  const offers = await Promise.all(gpus.map((gpu) => pricesOf(target, gpu, 1)));
  const device = deviceOf(gpus);
  const alias = gpus[0] === undefined ? undefined : knownGpu(gpus[0])?.alias;
  const prices =
    alias === undefined
      ? []
      : (offers[0] ?? []).slice(0, likely).flatMap((offer) => priceRows(alias, offer, target.spot));
  return {
    device: prices.length === 0 ? device : { ...device, elsewhere: { label: "SkyPilot", ramBytes: null, prices } },
    checks: [version, bucket, ...gpus.map((gpu, index) => priceCheck(gpu, offers[index]![0]))],
  };
}

/** What the plan reckons with: the kind that the target rents. */
function priceRows(alias: string, { where, count, usdHour, spotUsdHour }: SkyPrice, isSpot: boolean): Price[] {
  const [kind, usd] = isSpot ? (["spot", spotUsdHour] as const) : (["on-demand", usdHour] as const);
  if (usd === null) return [];
  const source = "`sky gpus list`";
  return [{ gpu: alias, provider: where, kind, usdHour: usd / count, date: null, source, isOwn: false }];
}

function priceCheck(gpu: string, cheapest: SkyPrice | undefined): Check {
  if (!cheapest) {
    const next = "`sky gpus list` has the names, and the sizes that each comes in";
    return { name: gpu, status: "warn", detail: "SkyPilot's catalogue has no machine with one of it there", next };
  }
  return { name: gpu, status: "ok", detail: priceText(cheapest), next: null };
}

function priceText({ where, usdHour, spotUsdHour }: SkyPrice): string {
  const usd = (price: number | null) => (price === null ? "none" : `$${price.toFixed(2)}/h`);
  return `${usd(usdHour)}, spot ${usd(spotUsdHour)} (${where})`;
}

/** The first GPU that the target names, as ft's own table knows it: what a run is planned for. */
function deviceOf([gpu]: string[]): Device {
  const cpu: Device = { kind: "cpu", count: 0, bf16: false, names: [], driver: null, memoryBytes: [], problem: null };
  if (gpu === undefined) return cpu;
  const known = knownGpu(gpu);
  return {
    ...{ kind: "cuda", count: mostGpus, driver: null, problem: null },
    bf16: known ? known.bf16Tflops !== null : true,
    names: Array(mostGpus).fill(known?.name ?? gpu),
    memoryBytes: known ? Array(mostGpus).fill(known.vramGiB * 2 ** 30) : [],
  };
}

/** SkyPilot's name for a GPU among ft's own. */
function knownGpu(gpu: string) {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]|gb?$/g, "");
  return gpuCatalogue(process.env).find(({ alias, also }) => [alias, ...also].some((one) => plain(one) === plain(gpu)));
}
