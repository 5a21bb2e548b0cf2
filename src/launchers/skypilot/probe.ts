// What SkyPilot offers for a target: the program, the bucket's program, and the GPUs with their prices. No machine is started.
import { cpuOnly, type Device } from "../../engines/machine.js";
import { gpuCatalogue, gpuNamed } from "../../plan/gpus.js";
import type { SkypilotTarget } from "../../recipes/schema/targets/skypilot.js";
import type { Probe } from "../contract.js";
import { missingBucketTool } from "./bucket.js";
import { pricesOf, type SkyPrice } from "./prices.js";
import { skyVersion } from "./sky.js";

type Check = Probe["checks"][number];
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
  return {
    device: deviceOf(gpus),
    checks: [version, bucket, ...(await Promise.all(gpus.map((gpu) => priceCheck(target, gpu))))],
  };
}

async function priceCheck(target: SkypilotTarget, gpu: string): Promise<Check> {
  const [cheapest] = await pricesOf(target, gpu, 1);
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
  if (gpu === undefined) return cpuOnly();
  const known = gpuNamed(gpu, gpuCatalogue(process.env));
  return {
    ...{ kind: "cuda", count: mostGpus, driver: null, problem: null },
    bf16: known ? known.bf16Tflops !== null : true,
    names: Array(mostGpus).fill(known?.name ?? gpu),
    memoryBytes: known ? Array(mostGpus).fill(known.vramGiB * 2 ** 30) : [],
  };
}
