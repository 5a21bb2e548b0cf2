// Lineage: where an adapter came from, as a file beside its weights, so that it goes where the folder goes and the store can be rebuilt.
import { createHash } from "node:crypto";
import { createReadStream, readFileSync, renameSync, writeFileSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { gitStateSchema } from "./git-state.js";

export const lineageFile = "ft-lineage.json";

export const fileSchema = z.object({ path: z.string(), bytes: z.int().nonnegative(), sha256: z.string() });
/** A file of the adapter: path relative to its folder with `/`, size, sha256 in hex. */
export type AdapterFile = z.output<typeof fileSchema>;

/** JSON has no infinity: an interval that one example cannot give is stored as null. */
const limit = (infinity: number) =>
  z
    .number()
    .nullable()
    .transform((value) => value ?? infinity);

export const comparisonRowSchema = z.object({
  metric: z.string(),
  base: z.number(),
  adapter: z.number(),
  difference: z.number(),
  low: limit(Number.NEGATIVE_INFINITY),
  high: limit(Number.POSITIVE_INFINITY),
  n: z.int(),
  format: z.enum(["number", "percent"]),
  better: z.enum(["lower", "higher"]),
});

const sourceSchema = z.object({ rows: z.int().nonnegative(), sha256: z.string() });

export const lineageSchema = z.object({
  schema: z.literal(1),
  /** Line and version: `support-bot` and 7 are support-bot@7. */
  name: z.string(),
  version: z.int().positive(),
  run: z.string(),
  /** Epoch ms. */
  createdAt: z.number(),
  method: z.string(),
  /** `revision`: hub commit, or sha256 over the weights. */
  base: z.object({ id: z.string(), revision: z.string() }),
  /** sha256 of the chat template's source; null when the model has none. */
  templateSha256: z.string().nullable(),
  /** sha256 over the canonical training rows. */
  dataSha256: z.string(),
  /** Where these rows came from: path or address -> rows and sha256 over them. Missing in lineage of older ft, and where it was not kept. */
  sources: z.record(z.string(), sourceSchema).optional(),
  engine: z.object({ name: z.string(), version: z.string() }),
  git: gitStateSchema.nullable(),
  files: z.array(fileSchema).min(1),
  /** Base against adapter on the held-out rows; null when it was not evaluated. */
  comparison: z.array(comparisonRowSchema).nullable(),
});
export type Lineage = z.output<typeof lineageSchema>;

/** A base's id that is a folder, or a file, of the machine that trained. */
export function isLocalBase(id: string): boolean {
  return isAbsolute(id) || /^\.{1,2}(\/|$)/.test(id);
}

/** The lineage in an adapter folder; null when there is none or it cannot be read as one. */
export function readLineage(adapterDir: string): Lineage | null {
  try {
    return lineageSchema.safeParse(JSON.parse(readFileSync(join(adapterDir, lineageFile), "utf8"))).data ?? null;
  } catch {
    return null;
  }
}

/** Replaces the file in one step, so that it is never half there. */
export function writeLineage(adapterDir: string, lineage: Lineage): void {
  const file = join(adapterDir, lineageFile);
  writeFileSync(`${file}.tmp`, `${JSON.stringify(lineage, null, 2)}\n`);
  renameSync(`${file}.tmp`, file);
}

/** Not part of what was trained: made from it, and made again. */
const unregistered = new Set([lineageFile, `${lineageFile}.tmp`, "README.md", "model.sig"]);

/** Every file of the folder but the lineage itself, card and signature, hashed, in order of path. */
export async function hashAdapterFiles(adapterDir: string): Promise<AdapterFile[]> {
  const entries = await readdir(adapterDir, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(adapterDir, join(entry.parentPath, entry.name)))
    .filter((path) => !unregistered.has(path))
    .sort();
  const files: AdapterFile[] = [];
  for (const path of paths) {
    const file = join(adapterDir, path);
    files.push({
      path: path.replaceAll("\\", "/"),
      bytes: (await stat(file)).size,
      sha256: await sha256OfFile(file),
    });
  }
  return files;
}

/** Hex. Streamed. */
export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
