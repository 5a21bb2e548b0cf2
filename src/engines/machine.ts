// What hardware is here: NVIDIA GPUs by nvidia-smi, AMD ones by rocm-smi, Apple's by the platform, else the CPU.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Env } from "../paths.js";

export interface Device {
  kind: "cpu" | "cuda" | "rocm" | "mps";
  /** GPUs; 0 on CPU. */
  count: number;
  /** As CUDA_VISIBLE_DEVICES names the first one: the person may have kept the others for something else. */
  firstGpu?: string | undefined;
  /** The hardware computes bf16 fast. */
  bf16: boolean;
  names: string[];
  /** GPU driver version; null when there is none or it isn't told. */
  driver: string | null;
  /** Bytes of each GPU; empty when not told. */
  memoryBytes: number[];
  /** Why GPUs that seem to be here are not used: "nvidia-smi: Failed to initialize NVML". Null: nothing to say. */
  problem: string | null;
  /** Of another machine than this one: how it is called, and its memory (null: not told). */
  elsewhere?: { label: string; ramBytes: number | null; room?: FarRoom };
}

/** A folder, its disk, and what is free there, bytes. */
export interface FarDisk {
  path: string;
  device: number;
  freeBytes: number;
}

/** Where a run's bytes would lie on another machine. `isThere`: what the run wants of a cache is in it. */
export interface FarRoom {
  jobs: FarDisk;
  environments: FarDisk & { isThere: boolean };
  hub: FarDisk & { isThere: boolean };
}

const probeTimeoutMs = 5_000;

/** Runs a vendor's tool on the machine that is asked about; null: it has no such program. */
export type AskTool = (file: string, args: string[]) => Promise<{ ok: boolean; text: string } | null>;

/** Asks the vendors' own tools, 5 s each at most. A tool that fails means CPU, with the tool's words in `problem`. `ask`: of another machine. */
export async function detectDevice(env: Env, ask?: AskTool): Promise<Device> {
  if (!ask && process.platform === "darwin" && process.arch === "arm64") {
    return { kind: "mps", count: 1, bf16: true, names: ["Apple GPU"], driver: null, memoryBytes: [], problem: null };
  }
  const tool = ask ?? ((file, args) => run(file, args, env));
  const nvidia = await detectNvidia(env, tool);
  if (nvidia?.kind === "cuda") return nvidia;
  return (await detectAmd(tool)) ?? nvidia ?? cpuOnly(null);
}

/** A machine without a GPU that can be used; `problem`: why one that seems to be there is not. */
export function cpuOnly(problem: string | null = null): Device {
  return { kind: "cpu", count: 0, bf16: false, names: [], driver: null, memoryBytes: [], problem };
}

/** Null when there is no nvidia-smi. */
async function detectNvidia(env: Env, ask: AskTool): Promise<Device | null> {
  const query = ["--query-gpu=name,driver_version,memory.total,compute_cap", "--format=csv,noheader,nounits"];
  const probe = await ask("nvidia-smi", query);
  if (probe === null) return null;
  if (!probe.ok) return cpuOnly(`nvidia-smi: ${probe.text}`);
  const gpus = probe.text
    .split("\n")
    .map((line) => line.split(",").map((cell) => cell.trim()))
    .filter((cells) => cells.length >= 4);
  if (gpus.length === 0) return cpuOnly("nvidia-smi lists no GPU");
  const visible = visibleGpus(gpus, env.CUDA_VISIBLE_DEVICES);
  if (visible.length === 0) return cpuOnly("CUDA_VISIBLE_DEVICES hides every GPU");
  return {
    kind: "cuda",
    count: visible.length,
    firstGpu: env.CUDA_VISIBLE_DEVICES?.split(",")[0]?.trim(),
    // Tensor cores compute bf16 from compute capability 8.0 (Ampere) on.
    bf16: visible.every(([, , , capability]) => Number.parseFloat(capability ?? "") >= 8),
    names: visible.map(([name]) => name ?? "GPU"),
    driver: visible[0]?.[1] ?? null,
    memoryBytes: visible.map(([, , mebibytes]) => Number(mebibytes) * 2 ** 20).filter(Number.isFinite),
    problem: null,
  };
}

/** CUDA's own rule for indices: unset means all, a wrong index hides the rest. Names (UUIDs) count without being looked up. */
function visibleGpus<T>(gpus: T[], setting: string | undefined): T[] {
  if (setting === undefined) return gpus;
  const chosen: T[] = [];
  for (const id of setting.split(",").map((part) => part.trim())) {
    const gpu = /^\d+$/.test(id) ? gpus[Number(id)] : /^(GPU|MIG)-/.test(id) ? gpus[chosen.length] : undefined;
    if (gpu === undefined) break;
    chosen.push(gpu);
  }
  return chosen;
}

/** Null when there is no rocm-smi or it lists no card. */
async function detectAmd(ask: AskTool): Promise<Device | null> {
  const probe = await ask("rocm-smi", ["--showproductname", "--showdriverversion", "--showmeminfo", "vram", "--json"]);
  if (!probe?.ok) return probe === null ? null : cpuOnly(`rocm-smi: ${probe.text}`);
  try {
    const report = JSON.parse(probe.text) as Record<string, Record<string, string>>;
    const cards = Object.keys(report)
      .filter((key) => key.startsWith("card"))
      .map((key) => report[key] ?? {});
    if (cards.length === 0) return null;
    return {
      kind: "rocm",
      count: cards.length,
      bf16: true,
      names: cards.map((card) => card["Card Series"] ?? card["Card series"] ?? "AMD GPU"),
      driver: report.system?.["Driver version"] ?? null,
      memoryBytes: cards.map((card) => Number(card["VRAM Total Memory (B)"])).filter(Number.isFinite),
      problem: null,
    };
  } catch {
    return cpuOnly("rocm-smi prints no JSON");
  }
}

/** Null when the program is not there to be run. */
async function run(file: string, args: string[], env: Env): Promise<{ ok: boolean; text: string } | null> {
  if (!isOnPath(file, env)) return null;
  const { execa } = await import("execa");
  const result = await execa(file, args, { env: { ...env }, extendEnv: false, reject: false, timeout: probeTimeoutMs });
  if (["ENOENT", "EACCES", "ENOTDIR"].includes(result.code ?? "")) return null; // a folder of PATH may be closed to us
  if (!result.failed) return { ok: true, text: result.stdout.trim() };
  const words = (result.stderr || result.stdout).trim().split("\n")[0];
  return { ok: false, text: words || (result.timedOut ? `no answer within ${probeTimeoutMs / 1000} s` : "it failed") };
}

/** Looked up first: most machines have neither program, and what runs one takes a while to load. */
function isOnPath(file: string, { PATH = "" }: Env): boolean {
  return PATH.split(delimiter).some((folder) => existsSync(join(folder, file)));
}
