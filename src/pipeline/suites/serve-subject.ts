// The subject behind an OpenAI-compatible API on this machine (ft_trainer.serve) for as long as a program asks it.
import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { execa } from "execa";
import { FtError } from "../../errors.js";
import { logTail } from "../../launchers/local/index.js";
import { type Env, packageRoot } from "../../paths.js";
import { trainerEnv } from "../submit.js";
import type { SuitesContext } from "./evaluate-suites.js";
import type { SubjectHere } from "./resolve-subjects.js";
import { subjectLabel } from "./subject.js";

export interface Served {
  /** Like http://127.0.0.1:40123/v1. */
  url: string;
  /** Bearer token; nobody else on this machine can ask. */
  token: string;
  /** Aborted when the person stops, or the server ends. */
  signal: AbortSignal;
}

/** What clients call the model. They know names of others, and treat some in their own way (o1, gpt-5): so it is never the adapter's own. */
export const servedName = "model-under-test";

/**
 * `dir`: where the server's settings and log go. `use` may ask as long as it runs; the server ends with it, and with this process. Throws
 * FtError eval.server (training) when the model cannot be loaded or the server ends early, and what `use` throws.
 */
export async function whileServed<T>(
  here: SubjectHere,
  { dir, maxNewTokens }: { dir: string; maxNewTokens: number },
  { env, signal, onProgress }: SuitesContext,
  use: (served: Served) => Promise<T>,
): Promise<T> {
  const { python } = await here.environment();
  const folder = join(dir, "server");
  const token = randomBytes(24).toString("base64url");
  await writeSettings(folder, here, { token, maxNewTokens });
  onProgress({ label: `loading ${subjectLabel(here.subject)}` });
  const server = execa(python, ["-m", "ft_trainer.serve", "serve.json"], {
    cwd: folder,
    env: {
      ...trainerEnv(env),
      ...{ PYTHONPATH: join(packageRoot, "trainer"), PYTHONDONTWRITEBYTECODE: "1" },
      ...{ HF_HUB_OFFLINE: "1", TOKENIZERS_PARALLELISM: "false" },
    },
    extendEnv: false,
    stdin: "pipe", // the server ends when it is closed
    stderr: { file: join(folder, "stdout.log"), append: true },
    reject: false,
    cancelSignal: signal,
    forceKillAfterDelay: 20_000,
  });
  const ended = new AbortController();
  const whenEnded = server.then(({ exitCode }) => ended.abort(serverEnded(folder, exitCode)));
  try {
    const port = await readPort(server.stdout, folder);
    await rm(join(folder, "token"));
    return await use({ url: `http://127.0.0.1:${port}/v1`, token, signal: AbortSignal.any([signal, ended.signal]) });
  } catch (error) {
    signal.throwIfAborted();
    throw ended.signal.aborted ? ended.signal.reason : error;
  } finally {
    server.stdin.end();
    await whenEnded;
  }
}

async function writeSettings(
  folder: string,
  here: SubjectHere,
  { token, maxNewTokens }: { token: string; maxNewTokens: number },
): Promise<void> {
  const { modelDir, chatTemplate } = await here.base();
  await mkdir(folder, { recursive: true });
  if (chatTemplate !== null) await writeFile(join(folder, "chat_template.jinja"), chatTemplate);
  const settings = {
    ...{ ...here.settings, name: servedName, maxNewTokens, device: "auto", tokenFile: "token" },
    ...{ model: modelDir, adapter: here.adapter?.dir ?? null },
    chatTemplate: chatTemplate === null ? null : "chat_template.jinja",
  };
  await writeFile(join(folder, "serve.json"), `${JSON.stringify(settings, null, 2)}\n`);
  await writeFile(join(folder, "token"), token, { mode: 0o600 });
}

/** What the server says first, when the model is loaded. */
async function readPort(output: Readable, folder: string): Promise<number> {
  // Not execa's own lines: to stop reading those is to wait for the end of the process.
  for await (const line of createInterface({ input: output })) {
    const port = /^\{"port": (\d+)\}$/.exec(line)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw serverEnded(folder, undefined);
}

function serverEnded(folder: string, exitCode: number | undefined): FtError {
  return new FtError({
    code: "eval.server",
    exit: "training",
    message: "the server that answers for the model ended",
    where: { file: join(folder, "stdout.log") },
    why: logTail(folder, 3) || (exitCode === undefined ? "it was killed" : `exit code ${exitCode}`),
    next: "look at the end of that file: most often the model does not fit into memory",
  });
}

/** So that no proxy stands between a client and the server. */
export function localAddresses(env: Env): Record<string, string> {
  const direct = [env.NO_PROXY ?? env.no_proxy, "127.0.0.1"].filter(Boolean).join(",");
  return { NO_PROXY: direct, no_proxy: direct };
}
