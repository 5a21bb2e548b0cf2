// The exact revision of a base without fetching it: what a lock pins.
import { FtError } from "../errors.js";
import type { Env } from "../paths.js";
import { findHere } from "./describe.js";
import { wheelRevision } from "./embedded.js";
import { cachedSha256 } from "./hash-cache.js";
import { isCommit, isHubOffline } from "./hub-cache.js";
import { hubConnection } from "./hub-request.js";
import type { ResolvedModel } from "./resolve.js";

export interface PinOptions {
  env: Env;
  signal?: AbortSignal | undefined;
}

/** As far as it is known without network; null: only the Hub knows. */
export async function knownRevision(model: ResolvedModel, options: PinOptions): Promise<string | null> {
  if (model.source === "gguf") return `gguf-sha256:${await cachedSha256(model.id, options)}`;
  if (model.source !== "folder" && isExact(model.revision)) return model.revision;
  return (await findHere(model, options))?.revision ?? null;
}

/** The revision that the Hub has now; of a folder or file, its content's. Throws FtError model.* (see hub-request.ts). */
export async function newestRevision(model: ResolvedModel, options: PinOptions): Promise<string> {
  if (model.source === "folder" || model.source === "gguf") return (await knownRevision(model, options))!;
  if (isExact(model.revision)) return model.revision;
  if (model.source === "hub") return hubCommit(model.id, model.revision, { ...options, patience: "normal" });
  const isPinned = model.revision !== "main";
  try {
    return await hubCommit(model.id, model.revision, { ...options, patience: isPinned ? "normal" : "short" });
  } catch (error) {
    if (isPinned || !(error instanceof FtError) || (error.exit !== "environment" && error.exit !== "refused"))
      throw error;
    return wheelRevision;
  }
}

/** It can name one content only. */
export function isExact(revision: string): boolean {
  return isCommit(revision) || revision === wheelRevision;
}

async function hubCommit(
  id: string,
  revision: string,
  { env, signal, patience }: PinOptions & { patience: "normal" | "short" },
): Promise<string> {
  if (isHubOffline(env)) throw offline(id, revision);
  const { modelInfo } = await import("@huggingface/hub");
  const { sha } = await modelInfo({
    ...hubConnection({ id, revision, env, signal, patience }),
    name: id,
    revision,
    additionalFields: ["sha"],
  });
  return sha;
}

function offline(id: string, revision: string): FtError {
  return new FtError({
    code: "model.no-network",
    exit: "environment",
    message: `which commit ${revision} of ${id} is, only the Hub knows, and ft is told to stay offline`,
    next: "unset HF_HUB_OFFLINE, or name a commit as model.revision",
  });
}
