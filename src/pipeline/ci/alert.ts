// Tells a webhook what happened: signed, tried again a few times, and never in the way of what it tells about.
import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Env } from "../../paths.js";
import type { AlertEvent, Alerts } from "../../recipes/schema/alerts.js";

export interface Happening {
  event: AlertEvent;
  line: string;
  /** One sentence. */
  summary: string;
  adapter: string | null;
  /** That is served now. */
  champion: string | null;
  run: string | null;
  reasons: readonly string[];
  /** Epoch ms. */
  at: number;
}

/** Returns what went wrong, a sentence without address or secret; null: it was sent, or nobody wants to hear of it. */
export async function sendAlert({ webhook, on }: Alerts, happening: Happening, env: Env): Promise<string | null> {
  if (!on.includes(happening.event)) return null;
  const { url_env, secret_env, format } = webhook;
  const url = env[url_env];
  const secret = secret_env === undefined ? null : env[secret_env];
  if (!url) return `no alert was sent: ${url_env} is not set`;
  if (secret === undefined || secret === "") return `no alert was sent: ${secret_env} is not set`;
  const body = JSON.stringify(format === "slack" ? { text: slackText(happening) } : happening);
  for (let attempt = 0; ; attempt++) {
    const failed = await post(url, body, secret);
    if (failed === null) return null;
    const pauseMs = pausesMs[attempt];
    if (!failed.mayPass || pauseMs === undefined) return `no alert reached the webhook of ${url_env}: ${failed.why}`;
    await sleep(pauseMs);
  }
}

/** Before each further try. */
const pausesMs = [1_000, 4_000];
const limitMs = 10_000;

async function post(
  url: string,
  body: string,
  secret: string | null,
): Promise<{ why: string; mayPass: boolean } | null> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": "ft",
        ...(secret !== null && { "x-ft-timestamp": timestamp, "x-ft-signature": signature(secret, timestamp, body) }),
      },
      body,
      signal: AbortSignal.timeout(limitMs),
      redirect: "error", // what is told goes to no other host
    });
    await response.body?.cancel();
    const { ok, status } = response;
    return ok ? null : { why: `it answered HTTP ${status}`, mayPass: status === 429 || status >= 500 };
  } catch (error) {
    // No message of the system's: it may quote the address, which is a secret.
    const { name, cause } = error as { name: string; cause?: { code?: string } };
    if (name === "TimeoutError") return { why: `no answer within ${limitMs / 1000} s`, mayPass: true };
    return {
      why: `it cannot be reached (${cause?.code ?? name})`,
      mayPass: name !== "TypeError" || cause !== undefined,
    };
  }
}

/** Who gets it makes the same from header and body, and refuses old timestamps: then nothing can be sent a second time. */
function signature(secret: string, timestamp: string, body: string): string {
  return `sha256=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`;
}

const said: Record<AlertEvent, string> = {
  failure: "failed",
  hold: "held: a person has to look",
  keep: "kept the champion",
  promote: "promoted",
  rollback: "rolled back",
};

function slackText({ event, line, summary, champion, run, reasons }: Happening): string {
  const lines = [
    `*ft ${line}: ${said[event]}*`,
    summary,
    ...reasons
      .filter((reason) => !summary.endsWith(`: ${reason}`)) // verdict and first reason are the summary of what was kept or held
      .slice(0, 5)
      .map((reason) => `- ${reason}`),
    `champion: ${champion ?? "none"}${run === null ? "" : `, run: ${run}`}`,
  ];
  // Slack's own marks; who is named in a reason is not called.
  return lines.join("\n").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
