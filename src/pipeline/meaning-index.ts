// Near duplicates by meaning: sentence embeddings of a model that the person names, made in the TRL environment (trainer/ft_trainer/meaning.py).

import { once } from "node:events";
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { z } from "zod";
import type { NearIndex } from "../dataset/near-duplicates/near-index.js";
import { ensureEnvironment } from "../engines/env/ensure-environment.js";
import { findUv } from "../engines/env/uv.js";
import { FtError } from "../errors.js";
import { fetchModel } from "../models/fetch.js";
import { resolveModel } from "../models/resolve.js";
import { type Env, packageRoot } from "../paths.js";
import type { OnProgress } from "../progress.js";
import { engineVersions } from "../recipes/schema/compute.js";

/** Apache-2.0, 22 million parameters, English; for other languages name another. */
export const defaultEmbedding = "sentence-transformers/all-MiniLM-L6-v2";

export interface MeaningOptions {
  /** A hub id or a folder. */
  model: string;
  /** Least cosine similarity of near rows, in (0, 1]. */
  similarity: number;
  cwd: string;
  env: Env;
  onProgress: OnProgress;
}

const lineSchema = z.object({ row: z.int(), like: z.int(), similarity: z.number() });
const progressSchema = z.object({ done: z.int(), of: z.int() });

/** @throws FtError model.*, env.*, data.embedding */
export async function createMeaningIndex(options: MeaningOptions): Promise<NearIndex> {
  const { env, onProgress, cwd } = options;
  const environment = await ensureEnvironment({ name: "trl", version: engineVersions.trl[0] }, { env, onProgress });
  const { dir: model } = await fetchModel(resolveModel(options.model, { cwd, env }), {
    env,
    cwd,
    template: "auto",
    python: async () => environment.python,
    uv: () => findUv({ env, onProgress }),
    onProgress,
  });
  const dir = mkdtempSync(join(tmpdir(), "ft-meaning-"));
  const texts = join(dir, "texts.jsonl");
  const out = join(dir, "near.jsonl");
  const writer = createWriteStream(texts);
  let rows = 0;
  return {
    add(text) {
      writer.write(`${JSON.stringify(text)}\n`);
      rows += 1;
    },
    async finish() {
      writer.end();
      await once(writer, "finish");
      const args = [texts, model as string, String(options.similarity), out];
      await run(environment.python, args, onProgress);
      const first = Int32Array.from({ length: rows }, (_, row) => row);
      for await (const line of createInterface({ input: createReadStream(out) })) {
        const { row, like } = lineSchema.parse(JSON.parse(line));
        first[row] = like;
      }
      return first;
    },
    close: () => rmSync(dir, { recursive: true, force: true }),
  };
}

async function run(python: string, args: string[], onProgress: OnProgress): Promise<void> {
  const script = join(packageRoot, "trainer/ft_trainer/meaning.py");
  const process = execa(python, [script, ...args], { reject: false, stdin: "ignore", buffer: { stdout: false } });
  for await (const line of process.iterable()) {
    const { done, of } = progressSchema.parse(JSON.parse(line));
    onProgress({ label: `embedding ${done} of ${of} rows` });
  }
  const result = await process;
  if (!result.failed) return;
  throw new FtError({
    code: "data.embedding",
    exit: "environment",
    message: "the rows could not be embedded",
    why: result.stderr.trim().split("\n").at(-1) || `it ended with ${result.exitCode ?? result.signal}`,
    next: "name another embedding model (--embedding), one that transformers' AutoModel can load",
  });
}
