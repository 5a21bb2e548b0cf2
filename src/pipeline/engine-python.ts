// Which Python runs a job's steps.
import { FtError } from "../errors.js";
import type { Env } from "../paths.js";

/** $FT_PYTHON: an interpreter that has the engine. Throws FtError `env.no-python` (environment). */
export function enginePython(env: Env): string {
  if (env.FT_PYTHON) return env.FT_PYTHON;
  throw new FtError({
    code: "env.no-python",
    exit: "environment",
    message: "there is no Python with the engine to evaluate with",
    next: "set FT_PYTHON to the engine environment's python",
  });
}
