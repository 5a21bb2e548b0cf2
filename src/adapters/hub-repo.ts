// A repository of the Hub that holds a line of adapters: one commit a version, one tag a version. What push and pull ask of it, and what its refusals mean.
import { createHash } from "node:crypto";
import type { ListFileEntry } from "@huggingface/hub";
import { FtError } from "../errors.js";
import { hubToken, hubUrl } from "../models/hub-cache.js";
import { patientFetch } from "../models/hub-request.js";
import type { Env } from "../paths.js";
import { retryAfterMs, waitAsked } from "../retry-after.js";

export interface HubRepository {
  /** org/name */
  repo: string;
  hubUrl: string;
  fetch: typeof fetch;
  accessToken?: string;
}

export function hubRepository(repo: string, env: Env): HubRepository {
  const token = hubToken(env);
  return { repo, hubUrl: hubUrl(env), fetch: tellingWait(patientFetch({})), ...(token ? { accessToken: token } : {}) };
}

/** An answer that asks for a wait is thrown with it: the client of the Hub keeps its status alone. */
function tellingWait(fetchPatiently: typeof fetch): typeof fetch {
  return async (input, init) => {
    const response = await fetchPatiently(input, init);
    const waitMs = response.ok ? 0 : retryAfterMs(response);
    if (waitMs === 0) return response;
    await response.body?.cancel();
    throw Object.assign(new Error(`HTTP ${response.status}`), { statusCode: response.status, waitMs });
  };
}

/** Where a branch, tag or commit is; null: there is none of that name. */
export async function commitOf(
  hub: HubRepository,
  revision: string,
): Promise<{ commit: string; private: boolean } | null> {
  const { modelInfo } = await import("@huggingface/hub");
  try {
    const info = await modelInfo({ ...hub, name: hub.repo, revision, additionalFields: ["sha"] });
    return { commit: info.sha, private: Boolean(info.private) };
  } catch (cause) {
    if (statusOf(cause) === 404) return null;
    throw cause;
  }
}

export async function filesAt(hub: HubRepository, commit: string): Promise<Map<string, ListFileEntry>> {
  const { listFiles } = await import("@huggingface/hub");
  const files = new Map<string, ListFileEntry>();
  for await (const entry of listFiles({ ...hub, repo: hub.repo, revision: commit, recursive: true })) {
    if (entry.type === "file") files.set(entry.path, entry);
  }
  return files;
}

/** A small file's text; null: it is not there. Where the connection breaks in the middle of it, it is asked for again. */
export async function textAt(hub: HubRepository, path: string, commit: string): Promise<string | null> {
  const headers = hub.accessToken ? { Authorization: `Bearer ${hub.accessToken}` } : {};
  for (let tries = 1; ; tries++) {
    const response = await hub.fetch(`${hub.hubUrl}/${hub.repo}/resolve/${commit}/${path}`, { headers });
    if (response.status === 404) return null;
    if (!response.ok) throw Object.assign(new Error(`asking for ${path}`), { statusCode: response.status });
    try {
      return await response.text();
    } catch (cause) {
      if (tries === textTries) throw cause;
    }
  }
}

const textTries = 3;

/** Whether the Hub's entry is this content: by its sha256 in LFS, else as git names it. */
export function isSameFile(
  entry: ListFileEntry | undefined,
  content: { bytes: number; sha256: string; gitSha1: () => string },
): boolean {
  if (!entry) return false;
  if (entry.lfs) return entry.lfs.size === content.bytes && entry.lfs.oid === content.sha256;
  return entry.size === content.bytes && entry.oid === content.gitSha1();
}

/** Git's name for a file's content. */
export function gitBlobSha1(content: Buffer): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}

export function statusOf(cause: unknown): number | undefined {
  return (cause as { statusCode?: number }).statusCode;
}

/** `doing`: "push bot@7", "pull it". An FtError stays what it is. */
export function hubRefusal(cause: unknown, { repo, hubUrl: url, accessToken }: HubRepository, doing: string): unknown {
  if (cause instanceof FtError) return cause;
  const status = statusOf(cause);
  if (status === undefined && !isConnectionFailure(cause)) return cause; // a fault of ft's
  const wait = waitAsked((cause as { waitMs?: number }).waitMs ?? 0);
  const { code, exit, what, next } = meaning(status, { repo, url, hasToken: accessToken !== undefined });
  return new FtError({
    code,
    exit,
    message: `can't ${doing}: ${what}${status ? ` (HTTP ${status})` : ""}`,
    ...(status === undefined ? { why: innermost(cause) } : {}),
    ...(wait !== null && { why: wait }),
    next,
    cause,
  });
}

interface Meaning {
  code: string;
  exit: "refused" | "environment";
  what: string;
  next: string;
}

function meaning(
  status: number | undefined,
  { repo, url, hasToken }: { repo: string; url: string; hasToken: boolean },
): Meaning {
  const refused = (code: string, what: string, next: string): Meaning => ({ code, exit: "refused", what, next });
  switch (status) {
    case undefined: {
      const next = "check the network, or set HF_ENDPOINT to a mirror; then repeat: what arrived is not sent again";
      return { code: "hub.no-network", exit: "environment", what: `the Hub (${url}) does not answer`, next };
    }
    case 401:
      return hasToken
        ? refused(
            "hub.token",
            "the Hub does not take your token",
            `make a new one at ${url}/settings/tokens and set HF_TOKEN`,
          )
        : refused("hub.token", `the Hub wants to know who asks for ${repo}`, "set HF_TOKEN to a token that may see it");
    case 403:
      return refused(
        "hub.forbidden",
        `your token may not do this in ${repo}`,
        "use a token with the right to write there (or to read, to pull)",
      );
    case 404:
      return refused(
        "hub.not-found",
        `the Hub has no ${repo}${hasToken ? " that your token can see" : ""}`,
        hasToken ? "check the spelling of owner and name" : "check the spelling; if it is private, set HF_TOKEN",
      );
    case 409:
    case 412:
      return refused(
        "hub.conflict",
        `someone else wrote to ${repo} meanwhile; nothing was changed`,
        "look at what they pushed, then repeat",
      );
    case 429:
      return refused("hub.busy", "the Hub wants fewer requests", "repeat later: what arrived is not sent again");
    default:
      return status >= 500
        ? refused("hub.unavailable", "the Hub has a fault", "repeat later: what arrived is not sent again")
        : refused("hub.refused", `the Hub does not take the request`, "see what it says with --debug");
  }
}

/** What undici throws when there is no connection, or it breaks. */
function isConnectionFailure(cause: unknown): boolean {
  return (
    cause instanceof Error &&
    (cause instanceof TypeError ||
      cause.name === "AbortError" ||
      /no answer within|closes the connection|terminated/.test(cause.message))
  );
}

function innermost(cause: unknown): string {
  const inner = (cause as Error).cause;
  return inner instanceof Error && inner.message ? innermost(inner) : (cause as Error).message;
}
