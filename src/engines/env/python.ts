// Finds a Python on PATH that can bootstrap uv: 3.10 or newer, and really running (version managers leave dead shims).
import { execa } from "execa";
import type { Env } from "../../paths.js";

export interface Python {
  /** As found on PATH. */
  command: string;
  /** "3.11.7". */
  version: string;
}

const commands = ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python3.14", "python"];

/** `ok` is the first that is new enough; `tooOld` the first that runs but is older. */
export async function findPython(env: Env): Promise<{ ok: Python | null; tooOld: Python | null }> {
  let tooOld: Python | null = null;
  for (const command of commands) {
    const version = await pythonVersion(command, env);
    if (version === null) continue;
    const [major = 0, minor = 0] = version.split(".").map(Number);
    if (major === 3 && minor >= 10) return { ok: { command, version }, tooOld };
    tooOld ??= { command, version };
  }
  return { ok: null, tooOld };
}

/** Null when the command is missing or fails. */
async function pythonVersion(command: string, env: Env): Promise<string | null> {
  const result = await execa(command, ["-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"], {
    env: { ...env },
    extendEnv: false,
    reject: false,
    timeout: 10_000,
  });
  const version = result.failed ? "" : result.stdout.trim();
  return /^\d+\.\d+\.\d+$/.test(version) ? version : null;
}
