// An adapter onto the Hub: one commit with its weights, its lineage and a model card. Nothing is pushed whose files are not what was registered.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { FtError } from "../errors.js";
import { findHubId } from "../models/catalogue.js";
import { hubToken, hubUrl } from "../models/hub-cache.js";
import type { Env } from "../paths.js";
import { lineageFile } from "./lineage.js";
import { modelCard } from "./model-card.js";
import type { RegisteredAdapter } from "./registry.js";
import { verifyAdapter } from "./verify.js";

export interface PushTarget {
  /** org/name */
  repo: string;
  private: boolean;
  branch: string;
}

/** Returns the commit's address. Throws FtError hub.no-token (environment), adapter.broken (data), hub.push-refused (refused). */
export async function pushAdapter(adapter: RegisteredAdapter, target: PushTarget, env: Env): Promise<{ url: string }> {
  const token = requireHubToken(env);
  const broken = (await verifyAdapter({ dir: adapter.dir, lineage: adapter, baseDir: null })).filter(({ ok }) => !ok);
  if (broken.length > 0) throw notWhole(adapter, broken.length);
  const { commit, createRepo } = await import("@huggingface/hub");
  const hub = { hubUrl: hubUrl(env), accessToken: token, repo: { type: "model" as const, name: target.repo } };
  const paths = [...adapter.files.map(({ path }) => path), lineageFile];
  const card = new Blob([modelCard(adapter, findHubId(adapter.base.id)?.licenceId ?? null)]);
  const operations = [
    ...paths.map((path) => ({ path, content: pathToFileURL(join(adapter.dir, path)) })),
    { path: "README.md", content: card },
  ].map((file) => ({ operation: "addOrUpdate" as const, ...file }));
  try {
    await createRepo({ ...hub, visibility: target.private ? "private" : "public" }).catch((error) => {
      if ((error as { statusCode?: number }).statusCode !== 409) throw error; // it is there already
    });
    const title = `${adapter.name}@${adapter.version}, by ft`;
    const made = await commit({ ...hub, title, branch: target.branch, operations });
    return { url: made?.commit.url ?? `${hub.hubUrl}/${target.repo}` };
  } catch (cause) {
    throw refused(target, cause);
  }
}

/** Also to be asked before anything is trained. Throws FtError hub.no-token (environment). */
export function requireHubToken(env: Env): string {
  const token = hubToken(env);
  if (token) return token;
  throw new FtError({
    code: "hub.no-token",
    exit: "environment",
    message: "there is no token for the Hub",
    next: "set HF_TOKEN to a token that may write, or log in with the hub's own tool",
  });
}

function notWhole({ name, version }: RegisteredAdapter, count: number): FtError {
  return new FtError({
    code: "adapter.broken",
    exit: "data",
    message: `${name}@${version} is not pushed: ${count} of its checks fail`,
    next: `ft adapters verify ${name}@${version} says which`,
  });
}

function refused({ repo }: PushTarget, cause: unknown): FtError {
  const { statusCode, message } = cause as { statusCode?: number; message?: string };
  return new FtError({
    code: "hub.push-refused",
    exit: "refused",
    message: `the Hub did not take the commit to ${repo}${statusCode ? ` (HTTP ${statusCode})` : ""}`,
    ...(message ? { why: message } : {}),
    next: "check that the token may write there; then: ft adapters push <name> --repo <org/name>",
    cause,
  });
}
