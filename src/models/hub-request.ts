// Requests to the Hub: bounded retries where trying again can help, and refusals turned into errors that say what to do.
import { setTimeout as sleep } from "node:timers/promises";
import { FtError } from "../errors.js";
import type { Env } from "../paths.js";
import { hubToken, hubUrl } from "./hub-cache.js";

export interface HubRequestOptions {
  /** Hub id, for messages. */
  id: string;
  revision: string;
  env: Env;
  signal?: AbortSignal | undefined;
  /** "short": one try of a few seconds, for when there is another way to the model. */
  patience?: "normal" | "short";
}

const backoffMs = [500, 1_500, 4_000];
const headersTimeoutMs = { normal: 30_000, short: 5_000 };

/** A `fetch` for @huggingface/hub. Throws FtError model.not-found, model.revision-not-found, model.gated, model.token, model.incomplete, model.hub-failed, model.no-network. */
export function hubFetch(options: HubRequestOptions): typeof fetch {
  const patience = options.patience ?? "normal";
  const waits = patience === "short" ? [] : backoffMs;
  return async (input, init) => {
    for (let tried = 0; ; tried++) {
      const wait = waits[tried];
      const answer = await tryOnce(input, init, headersTimeoutMs[patience], options.signal);
      options.signal?.throwIfAborted();
      if (answer instanceof Response && answer.ok) return answer;
      const canRetry = !(answer instanceof Response) || answer.status === 429 || answer.status >= 500;
      if (canRetry && wait !== undefined) {
        await sleep(wait, undefined, options.signal ? { signal: options.signal } : {});
        continue;
      }
      throw answer instanceof Response ? refusal(answer, options) : noNetwork(answer, options);
    }
  };
}

/** The response once its headers are there, or what went wrong on the way. */
async function tryOnce(
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Response | Error> {
  const slow = new AbortController();
  const timer = setTimeout(() => slow.abort(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
  try {
    return await fetch(input, { ...init, signal: signal ? AbortSignal.any([signal, slow.signal]) : slow.signal });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    clearTimeout(timer);
  }
}

function refusal(response: Response, { id, revision, env }: HubRequestOptions): FtError {
  const errorCode = response.headers.get("x-error-code") ?? "";
  const hasToken = hubToken(env) !== null;
  const page = `${hubUrl(env)}/${id}`;
  if (errorCode === "RevisionNotFound") {
    return new FtError({
      code: "model.revision-not-found",
      exit: "recipe",
      message: `model.revision: ${id} has no revision ${revision}`,
      next: `choose a branch, tag or commit from ${page}`,
    });
  }
  if (errorCode === "GatedRepo" || response.status === 403) {
    return new FtError({
      code: "model.gated",
      exit: "refused",
      message: `the Hub refuses ${id}: its licence must be accepted first`,
      next: hasToken
        ? `accept the licence at ${page} with the account of your token, then run again`
        : `accept the licence at ${page}, then set HF_TOKEN to a token of that account`,
    });
  }
  if (response.status === 401 && hasToken && errorCode !== "RepoNotFound") {
    return new FtError({
      code: "model.token",
      exit: "refused",
      message: `the Hub refuses your token while asking for ${id}`,
      next: `make a new token at ${hubUrl(env)}/settings/tokens and set HF_TOKEN`,
    });
  }
  if (errorCode === "EntryNotFound") {
    return new FtError({
      code: "model.incomplete",
      exit: "recipe",
      message: `${id} on the Hub has no ${new URL(response.url).pathname.split("/").at(-1)}`,
      next: "choose the model's original repository (not a GGUF, ONNX or adapter one)",
    });
  }
  if (response.status === 401 || response.status === 404) {
    return new FtError({
      code: "model.not-found",
      exit: "recipe",
      message: `the Hub has no model ${id}${hasToken ? " that your token can see" : ""}`,
      next: hasToken ? "check the spelling" : "check the spelling; if the model is private, set HF_TOKEN",
    });
  }
  return new FtError({
    code: "model.hub-failed",
    exit: "refused",
    message: `the Hub failed while asking for ${id} (HTTP ${response.status})`,
    next: "run again later; what was downloaded is kept",
  });
}

function noNetwork(error: Error, { id, env }: HubRequestOptions): FtError {
  const cause = error.cause instanceof Error ? error.cause.message : error.message;
  return new FtError({
    code: "model.no-network",
    exit: "environment",
    message: `can't reach the Hub (${hubUrl(env)}) to get ${id}`,
    why: cause,
    next: "check the network, set HF_ENDPOINT to a mirror, or give a local folder as model.base; what was downloaded is kept",
    cause: error,
  });
}
