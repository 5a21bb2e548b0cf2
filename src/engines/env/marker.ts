// ft-env.json, written last into an environment: without it the folder is half-made and will be rebuilt.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Env, ftCacheDir } from "../../paths.js";

/** Where the environments lie, a folder each. */
export function environmentsDir(env: Env): string {
  return join(ftCacheDir(env), "envs");
}

export const markerName = "ft-env.json";

const markerSchema = z.object({
  version: z.literal(1),
  engine: z.string(),
  engineVersion: z.string(),
  accelerator: z.enum(["cpu", "cuda", "rocm", "mps"]),
  lockHash: z.string(),
  /** "3.11.7". Null: it is not Python's. */
  python: z.string().nullable(),
  /** "2.15.0+cpu". Null: it has none. */
  torch: z.string().nullable(),
  /** "22.23.2". Null: it is not Node's. */
  node: z.string().nullable().default(null),
  notice: z.string().nullable(),
  createdAt: z.number(),
});

export type EnvironmentMarker = z.output<typeof markerSchema>;

export async function readMarker(dir: string): Promise<EnvironmentMarker | null> {
  try {
    return markerSchema.parse(JSON.parse(await readFile(join(dir, markerName), "utf8")));
  } catch {
    return null;
  }
}
