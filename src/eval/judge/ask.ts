// One request to an OpenAI-compatible endpoint: bounded in time and tries, its answer remembered by the hash of what was asked.
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { FtError } from "../../errors.js";
import { canonicalJson } from "../../recipes/lock-file.js";
import { retryAfterMs, waitAsked } from "../../retry-after.js";

export interface Endpoint {
  /** Like https://host/v1. */
  url: string;
  /** Null: none is sent. Never written anywhere. */
  key: string | null;
  timeoutMs: number;
  retries: number;
  /** Between the first tries; doubled each time. */
  pauseMs: number;
  /** Where answers are remembered. */
  cacheDir: string;
  signal?: AbortSignal | undefined;
}

const replySchema = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullable() }) })).min(1),
  usage: z
    .object({ prompt_tokens: z.int().nonnegative().default(0), completion_tokens: z.int().nonnegative().default(0) })
    .nullish(),
});

const answerSchema = z.object({ text: z.string(), promptTokens: z.int(), outputTokens: z.int() });
export type JudgeAnswer = z.output<typeof answerSchema> & { isCached: boolean };

/** Throws FtError eval.judge-refused (refused), eval.judge-unreachable (refused). */
export async function ask(body: Record<string, unknown>, endpoint: Endpoint): Promise<JudgeAnswer> {
  const file = join(endpoint.cacheDir, `${hashOf([endpoint.url, body])}.json`);
  const known = await readFile(file, "utf8").then(
    (text) => answerSchema.safeParse(JSON.parse(text)).data,
    () => undefined,
  );
  if (known) return { ...known, isCached: true };
  const answer = await askUntilAnswered(body, endpoint);
  await mkdir(endpoint.cacheDir, { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(answer));
  await rename(draft, file);
  return { ...answer, isCached: false };
}

async function askUntilAnswered(
  body: Record<string, unknown>,
  endpoint: Endpoint,
): Promise<z.output<typeof answerSchema>> {
  const { retries, pauseMs, signal } = endpoint;
  for (let tries = 1; ; tries += 1) {
    const outcome = await askOnce(body, endpoint);
    signal?.throwIfAborted();
    if ("text" in outcome) return outcome;
    if (!outcome.mayPass) throw refused(endpoint, outcome.why);
    if (tries > retries) throw unreachable(endpoint, outcome.why, tries);
    const pause = Math.min(outcome.pauseMs ?? pauseMs * 2 ** (tries - 1), longestPauseMs);
    await sleep(pause, undefined, signal ? { signal } : {});
  }
}

const longestPauseMs = 30_000;

type Failed = { why: string; mayPass: boolean; pauseMs?: number };

async function askOnce(
  body: Record<string, unknown>,
  { url, key, timeoutMs, signal }: Endpoint,
): Promise<z.output<typeof answerSchema> | Failed> {
  try {
    const limit = AbortSignal.timeout(timeoutMs);
    const response = await fetch(`${url.replace(/\/+$/, "")}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(key !== null && { authorization: `Bearer ${key}` }) },
      body: JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      redirect: "error", // the key goes to no other host
    });
    const text = await response.text();
    if (!response.ok) return failed(response, text);
    const reply = replySchema.safeParse(parseJson(text)).data;
    if (!reply) return { why: "it answered with something else than a chat completion", mayPass: true };
    const { prompt_tokens: promptTokens = 0, completion_tokens: outputTokens = 0 } = reply.usage ?? {};
    return { text: reply.choices[0]!.message.content ?? "", promptTokens, outputTokens };
  } catch (error) {
    const { name, message, cause } = error as Error;
    if (name === "TimeoutError") return { why: `no answer within ${timeoutMs / 1000} s`, mayPass: true };
    return { why: cause instanceof Error ? cause.message : message, mayPass: true };
  }
}

function failed({ status, headers }: Response, text: string): Failed {
  const said = z.object({ error: z.object({ message: z.string() }) }).safeParse(parseJson(text)).data?.error.message;
  const waitMs = retryAfterMs({ headers });
  const wait = waitMs > longestPauseMs ? `; ${waitAsked(waitMs)}` : "";
  return {
    why: `HTTP ${status}${said ? `: ${said.slice(0, 200)}` : ""}${wait}`,
    mayPass: status === 408 || status === 409 || status === 429 || status >= 500,
    ...(waitMs > 0 && { pauseMs: waitMs }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

function refused({ url }: Endpoint, why: string): FtError {
  return new FtError({
    code: "eval.judge-refused",
    exit: "refused",
    message: `the judge at ${url} refused the request`,
    why,
    next: "check endpoint, model and the variable that api_key_env names; verdicts so far are kept",
  });
}

function unreachable({ url }: Endpoint, why: string, tries: number): FtError {
  return new FtError({
    code: "eval.judge-unreachable",
    exit: "refused",
    message: `the judge at ${url} did not answer in ${tries} tries`,
    why,
    next: "repeat when it answers: verdicts so far are kept, and cost nothing again",
  });
}
