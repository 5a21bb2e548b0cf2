// The config.json of a hub model, without the model: enough to say how large it is. Nothing is stored.
import { FtError } from "../errors.js";
import type { Env } from "../paths.js";
import { hubToken, hubUrl, isHubOffline } from "./hub-cache.js";
import { hubFetch } from "./hub-request.js";

/** Parsed JSON. Throws FtError model.* (see hub-request.ts). */
export async function fetchConfig(
  id: string,
  revision: string,
  { env, signal }: { env: Env; signal?: AbortSignal | undefined },
): Promise<unknown> {
  if (isHubOffline(env)) throw offline(id);
  const token = hubToken(env);
  const request = hubFetch({ id, revision, env, signal });
  const response = await request(`${hubUrl(env)}/${id}/resolve/${encodeURIComponent(revision)}/config.json`, {
    headers: token ? { Authorization: `Bearer ${token}` } : {},
  });
  return response.json();
}

function offline(id: string): FtError {
  return new FtError({
    code: "model.no-network",
    exit: "environment",
    message: `${id} is neither in the catalogue nor on this machine, and ft is told to stay offline`,
    next: "unset HF_HUB_OFFLINE, or give a local folder",
  });
}
