// What the Hub's hardware list says of a target's flavor: GPUs, memory, price.
import { cpuOnly, type Device } from "../../engines/machine.js";
import { gpuCatalogue, gpuNamed } from "../../plan/gpus.js";
import type { Price } from "../../plan/prices.js";
import type { HfJobsTarget } from "../../recipes/schema/targets/hf-jobs.js";
import type { Probe } from "../contract.js";
import { asked, openHub } from "./hub.js";

type Check = Probe["checks"][number];

export async function probeHardware({ namespace, flavor }: HfJobsTarget): Promise<Probe> {
  const { listJobHardware, listJobs } = await import("@huggingface/hub");
  const hub = openHub();
  const [hardware] = await Promise.all([asked(listJobHardware(hub)), asked(listJobs({ ...hub, namespace }))]);
  const found = hardware.find(({ name }) => name === flavor);
  const token: Check = { name: "jobs", status: "ok", detail: `the token sees the jobs of ${namespace}`, next: null };
  if (!found) {
    const next = `choose one of: ${hardware.map(({ name }) => name).join(", ")}`;
    return {
      device: cpuOnly(),
      checks: [token, { name: "flavor", status: "missing", detail: `the Hub has no ${flavor}`, next }],
    };
  }
  const { prettyName, cpu: cores, ram, accelerator } = found;
  const detail = `${prettyName}: ${cores}, ${ram}, $${hourly(found).toFixed(2)}/h`;
  const check: Check = { name: "flavor", status: "ok", detail, next: null };
  if (accelerator?.type !== "gpu") return { device: cpuOnly(), checks: [token, check] };
  const count = Number.parseInt(accelerator.quantity, 10) || 1;
  const vram = Number.parseFloat(accelerator.vram);
  const device: Device = {
    ...{ kind: "cuda", count, bf16: !/\b(T4|V100|P100)\b/i.test(accelerator.model), driver: null, problem: null },
    names: Array(count).fill(accelerator.model),
    // Of all GPUs together, as the list tells it.
    memoryBytes: Number.isFinite(vram) ? Array(count).fill((vram / count) * 2 ** 30) : [],
  };
  return { device, checks: [token, check] };
}

/** The Hub's price for one GPU of the flavor; [] for one without, or with a GPU that ft does not know. */
export async function planPrices({ flavor }: HfJobsTarget): Promise<Price[]> {
  const { listJobHardware } = await import("@huggingface/hub");
  const found = (await asked(listJobHardware(openHub()))).find(({ name }) => name === flavor);
  const known =
    found?.accelerator?.type === "gpu" ? gpuNamed(found.accelerator.model, gpuCatalogue(process.env)) : undefined;
  if (!found || !known) return [];
  const usdHour = hourly(found) / (Number.parseInt(found.accelerator!.quantity, 10) || 1);
  const provider = `Hugging Face Jobs, ${flavor}`;
  return [
    { gpu: known.alias, provider, kind: "on-demand", usdHour, date: null, source: "the Hub's list", isOwn: true },
  ];
}

function hourly({ unitCostUSD, unitLabel }: { unitCostUSD: number; unitLabel: string }): number {
  return unitCostUSD * (unitLabel === "minute" ? 60 : 1);
}
