// Proves a new environment by running it: the packages have the locked versions, and torch loads where the lock has it.
import { execa } from "execa";
import { FtError } from "../../errors.js";
import type { Env } from "../../paths.js";
import { type EngineLock, isPinned, pinned } from "./engine-lock.js";

export interface CheckedEnvironment {
  python: string;
  /** Null: the lock has none. */
  torch: string | null;
  /** torch sees a GPU (CUDA, ROCm or Apple's). */
  accelerated: boolean;
}

const checkedPackages = ["transformers", "peft", "datasets", "accelerate", "bitsandbytes", "gguf"];

const script = `
import importlib.metadata as m, json, platform, sys
version, gpu = None, False
if "torch" in sys.argv[1:]:
    import torch
    version, gpu = torch.__version__, torch.cuda.is_available() or torch.backends.mps.is_available()
print(json.dumps({"python": platform.python_version(), "torch": version, "accelerated": bool(gpu),
                  "versions": {name: m.version(name) for name in sys.argv[1:] if name != "torch"}}))
`;

/** Throws FtError env.install when a version differs from the lock or torch does not load. */
export async function checkEnvironment(
  python: string,
  lock: EngineLock,
  { env, signal }: { env: Env; signal?: AbortSignal | undefined },
): Promise<CheckedEnvironment> {
  const names = [lock.engine, ...checkedPackages.filter((name) => isPinned(lock.text, name))];
  const torch = isPinned(lock.text, "torch") ? ["torch"] : [];
  const result = await execa(python, ["-c", script, ...torch, ...names], {
    env: { ...env },
    extendEnv: false,
    reject: false,
    ...(signal ? { cancelSignal: signal } : {}),
  });
  signal?.throwIfAborted();
  if (result.failed) throw broken(lock, result.stderr.trim().split("\n").at(-1) ?? "");
  const found = JSON.parse(result.stdout.trim().split("\n").at(-1) ?? "") as CheckedEnvironment & {
    versions: Record<string, string>;
  };
  const wrong = names.filter((name) => found.versions[name] !== pinned(lock.text, name));
  if (wrong.length > 0) throw broken(lock, `${wrong.map((name) => `${name} is ${found.versions[name]}`).join(", ")}`);
  return { python: found.python, torch: found.torch, accelerated: found.accelerated };
}

function broken(lock: EngineLock, why: string): FtError {
  return new FtError({
    code: "env.install",
    exit: "environment",
    message: `the new ${lock.engine} ${lock.version} environment does not work`,
    why,
    next: "run ft env create again; if it stays, report this line",
  });
}
