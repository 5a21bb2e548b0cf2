// The facts about a model that are known without any network: from the caches when it is already here, else from the catalogue.
import type { Env } from "../paths.js";
import { findHubId } from "./catalogue.js";
import { findEmbedded } from "./embedded.js";
import type { ModelFacts } from "./facts.js";
import { folderRevision } from "./folder-revision.js";
import { findConverted } from "./gguf.js";
import { cachedSha256 } from "./hash-cache.js";
import { cachedSnapshot } from "./hub-cache.js";
import { countParameters, readConfigFacts } from "./model-folder.js";
import type { ResolvedModel } from "./resolve.js";
import { readTemplate } from "./template.js";

export interface DescribeOptions {
  /** `model.template` of the recipe. */
  template: string;
  /** The recipe's folder: a template file is relative to it. */
  cwd: string;
  env: Env;
  signal?: AbortSignal | undefined;
}

/** `revision`, `dir` and the model's own template are null while it is not fetched. Hashing a new folder or GGUF takes seconds a GB, once. */
export async function describeModel(model: ResolvedModel, options: DescribeOptions): Promise<ModelFacts> {
  return modelFacts(model, await findHere(model, options), options);
}

export interface Here {
  dir: string;
  revision: string;
}

/** Facts of a model whose folder is known, or not yet (null). Throws FtError template.* */
export function modelFacts(model: ResolvedModel, here: Here | null, { template, cwd }: DescribeOptions): ModelFacts {
  const dir = here?.dir ?? null;
  const config = dir === null ? { family: null, maxContext: null } : readConfigFacts(dir);
  return {
    asked: model.asked,
    source: model.source,
    id: model.id,
    revision: here?.revision ?? null,
    dir,
    template: readTemplate(template, { dir, cwd }),
    notice: model.notice,
    maxContext: config.maxContext ?? model.maxContext,
    family: model.family ?? config.family,
    paramsB: findHubId(model.id)?.paramsB ?? (dir === null ? null : countParameters(dir)),
  };
}

/** Where the model already is on this machine, or null. */
export async function findHere(
  model: ResolvedModel,
  { env, signal }: Pick<DescribeOptions, "env" | "signal">,
): Promise<Here | null> {
  switch (model.source) {
    case "folder":
      return { dir: model.id, revision: await folderRevision(model.id, { env, signal }) };
    case "gguf": {
      const sha256 = await cachedSha256(model.id, { env, signal });
      const dir = await findConverted(env, sha256);
      return dir === null ? null : { dir, revision: `gguf-sha256:${sha256}` };
    }
    case "embedded":
      return findEmbedded(model.id, model.revision, env);
    case "hub": {
      const snapshot = cachedSnapshot(env, model.id, model.revision);
      return snapshot === null ? null : { dir: snapshot.dir, revision: snapshot.commit };
    }
  }
}
