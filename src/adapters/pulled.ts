// Adapters that came from the Hub: a folder each, `.ft/adapters/<line>@<version>/` with `files/` as they were pushed and `origin.json`, which names the version here.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ftDir } from "../paths.js";
import { type Lineage, readLineage } from "./lineage.js";

const originSchema = z.object({
  schema: z.literal(1),
  /** Line and version here; the lineage has those that it was made as. */
  name: z.string(),
  version: z.int().positive(),
  /** org/name on the Hub, and the commit. */
  repo: z.string(),
  commit: z.string(),
  /** Epoch ms. */
  pulledAt: z.number(),
});
export type Origin = z.output<typeof originSchema>;

export const originFile = "origin.json";

export function pulledDir(projectDir: string): string {
  return join(ftDir(projectDir), "adapters");
}

/** Null: the adapter in this folder was not pulled. */
export function readOrigin(adapterDir: string): Origin | null {
  try {
    return originSchema.parse(JSON.parse(readFileSync(join(adapterDir, "..", originFile), "utf8")));
  } catch {
    return null;
  }
}

/** All that were pulled, whether the store knows them or not. */
export function pulledAdapters(projectDir: string): { dir: string; lineage: Lineage }[] {
  const root = pulledDir(projectDir);
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => !name.startsWith("."))
    .sort()
    .flatMap((name) => {
      const dir = join(root, name, "files");
      const [origin, lineage] = [readOrigin(dir), readLineage(dir)];
      return origin && lineage ? [{ dir, lineage: { ...lineage, name: origin.name, version: origin.version } }] : [];
    });
}
