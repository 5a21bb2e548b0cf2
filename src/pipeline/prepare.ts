// From a recipe to everything a job needs: model and environment here, data checked, engine's files rendered. Writes nothing into the project.
import type { CheckReport } from "../dataset/check.js";
import { checkDataset } from "../dataset/check.js";
import type { DatasetFacts } from "../dataset/canonical.js";
import type { Engine, Rendering } from "../engines/contract.js";
import type { EngineEnvironment } from "../engines/env/ensure.js";
import { ensureEnvironment } from "../engines/env/ensure.js";
import { loadEngine } from "../engines/index.js";
import { type Device, detectDevice } from "../engines/machine.js";
import { FtError } from "../errors.js";
import type { ModelFacts } from "../models/facts.js";
import { fetchModel } from "../models/fetch.js";
import { resolveModel } from "../models/resolve.js";
import type { Env } from "../paths.js";
import type { LoadedRecipe } from "../recipes/load.js";

/** What is told to the person while things are prepared. */
export interface Preparing {
  progress(event: { label: string; doneBytes?: number; totalBytes?: number }): void;
  notice(text: string): void;
}
