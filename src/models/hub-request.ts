// Requests to the Hub: bounded retries where trying again can help, and refusals turned into errors that say what to do.
import { setTimeout as sleep } from "node:timers/promises";
import { FtError } from "../errors.js";
import type { Env } from "../paths.js";
import { retryAfterMs, waitAsked } from "../retry-after.js";
import { type HubRepo, hubToken, hubUrl } from "./hub-cache.js";

export interface HubRequestOptions {
  /** Hub id, for messages. */
  id: string;
  /** Default: model. Its errors are data.* for a dataset. */
  type?: HubRepo["type"];
  revision: string;
  env: Env;
  signal?: AbortSignal | undefined;
  /** "short": one try of a few seconds, for when there is another way to the model. */
  patience?: "normal" | "short";
}

const backoffMs = [500, 1_500, 4_000];
const headersTimeoutMs = { normal: 30_000, short: 5_000 };

/** Longest wait that a Retry-After is followed to; who asks for more is told to people. */
const longestWaitMs = 60_000;

/** What each function of @huggingface/hub is told besides the repository. */
export interface HubConnection {
  hubUrl: string;
  fetch: typeof fetch;
  accessToken?: string;
}

export function hubConnection(options: HubRequestOptions): HubConnection {
  const token = hubToken(options.env);
  return { hubUrl: hubUrl(options.env), fetch: hubFetch(options), ...(token ? { accessToken: token } : {}) };
}

/** A `fetch` for @huggingface/hub. Throws FtError (data.* for a dataset) model.not-found, model.revision-not-found, model.gated, model.token, model.incomplete, model.hub-failed, model.no-network. */
export function hubFetch(options: HubRequestOptions): typeof fetch {
  const fetchPatiently = patientFetch(options);
  return async (input, init) => {
    const answer = await fetchPatiently(input, init).catch((error: Error) => {
      options.signal?.throwIfAborted();
      throw noNetwork(error, options);
    });
    if (!answer.ok) throw refusal(answer, options);
    return answer;
  };
}

/**
 * A `fetch` that asks again, a few times, where that can help: no connection, 429, 500 and more. It waits as long as Retry-After says, up to a minute.
 * Gives the last answer, whatever it is; throws what fetch throws.
 */
export function patientFetch({
  signal,
  patience = "normal",
}: Pick<HubRequestOptions, "signal" | "patience">): typeof fetch {
  const waits = patience === "short" ? [] : backoffMs;
  return async (input, init) => {
    for (let tried = 0; ; tried++) {
      const wait = waits[tried];
      // What is sent takes its time before there is an answer.
      const timeoutMs = init?.body === undefined ? headersTimeoutMs[patience] : null;
      const answer = await tryOnce(input, init, timeoutMs, signal);
      signal?.throwIfAborted();
      init?.signal?.throwIfAborted();
      const canHelp = !(answer instanceof Response) || answer.status === 429 || answer.status >= 500;
      const longer = answer instanceof Response ? retryAfterMs(answer) : 0;
      if (!canHelp || wait === undefined || longer > longestWaitMs) {
        if (answer instanceof Response) return answer;
        throw answer;
      }
      if (answer instanceof Response) await answer.body?.cancel();
      await sleep(Math.max(wait, longer), undefined, signal ? { signal } : {});
    }
  };
}

/** The response once its headers are there, or what went wrong on the way. */
async function tryOnce(
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
  timeoutMs: number | null,
  signal: AbortSignal | undefined,
): Promise<Response | Error> {
  const slow = new AbortController();
  const timer =
    timeoutMs === null
      ? undefined
      : setTimeout(() => slow.abort(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
  const signals = [slow.signal, signal, init?.signal].filter((one) => one !== undefined && one !== null);
  try {
    return await fetch(input, { ...init, signal: AbortSignal.any(signals) });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    clearTimeout(timer);
  }
}

/** How errors speak of a repository. */
const wordings = {
  model: {
    code: "model",
    page: "",
    exit: "recipe",
    key: "model.revision: ",
    terms: "licence",
    incomplete: "choose the model's original repository (not a GGUF, ONNX or adapter one)",
    elsewhere: "give a local folder as model.base",
  },
  dataset: {
    code: "data",
    page: "datasets/",
    exit: "data",
    key: "",
    terms: "terms",
    incomplete: "choose another revision, or name the file",
    elsewhere: "name a local file",
  },
} as const;

function refusal(response: Response, { id, type = "model", revision, env }: HubRequestOptions): FtError {
  const wording = wordings[type];
  const errorCode = response.headers.get("x-error-code") ?? "";
  const hasToken = hubToken(env) !== null;
  const page = `${hubUrl(env)}/${wording.page}${id}`;
  if (errorCode === "RevisionNotFound") {
    return new FtError({
      code: `${wording.code}.revision-not-found`,
      exit: wording.exit,
      message: `${wording.key}${id} has no revision ${revision}`,
      next: `choose a branch, tag or commit from ${page}`,
    });
  }
  if (errorCode === "GatedRepo" || response.status === 403) {
    return new FtError({
      code: `${wording.code}.gated`,
      exit: "refused",
      message: `the Hub refuses ${id}: its ${wording.terms} must be accepted first`,
      next: hasToken
        ? `accept the ${wording.terms} at ${page} with the account of your token, then run again`
        : `accept the ${wording.terms} at ${page}, then set HF_TOKEN to a token of that account`,
    });
  }
  if (response.status === 401 && hasToken && errorCode !== "RepoNotFound") {
    return new FtError({
      code: `${wording.code}.token`,
      exit: "refused",
      message: `the Hub refuses your token while asking for ${id}`,
      next: `make a new token at ${hubUrl(env)}/settings/tokens and set HF_TOKEN`,
    });
  }
  if (errorCode === "EntryNotFound") {
    return new FtError({
      code: `${wording.code}.incomplete`,
      exit: wording.exit,
      message: `${id} on the Hub has no ${new URL(response.url).pathname.split("/").at(-1)}`,
      next: wording.incomplete,
    });
  }
  if (response.status === 401 || response.status === 404) {
    return new FtError({
      code: `${wording.code}.not-found`,
      exit: wording.exit,
      message: `the Hub has no ${type} ${id}${hasToken ? " that your token can see" : ""}`,
      next: hasToken ? "check the spelling" : `check the spelling; if the ${type} is private, set HF_TOKEN`,
    });
  }
  const wait = waitAsked(retryAfterMs(response));
  return new FtError({
    code: `${wording.code}.hub-failed`,
    exit: "refused",
    message: `the Hub failed while asking for ${id} (HTTP ${response.status})`,
    ...(wait !== null && { why: wait }),
    next: "run again later; what was downloaded is kept",
  });
}

function noNetwork(error: Error, { id, type = "model", env }: HubRequestOptions): FtError {
  const { code, elsewhere } = wordings[type];
  const cause = error.cause instanceof Error ? error.cause.message : error.message;
  return new FtError({
    code: `${code}.no-network`,
    exit: "environment",
    message: `can't reach the Hub (${hubUrl(env)}) to get ${id}`,
    why: cause,
    next: `check the network, set HF_ENDPOINT to a mirror, or ${elsewhere}; what was downloaded is kept`,
    cause: error,
  });
}
