// Makes room: removes the weights of versions that nobody needs any more. What an alias holds stays; lineage and number stay of all.
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { aliasesOf, withAliasLock } from "./aliases.js";
import { lineageFile } from "./lineage.js";
import type { RegisteredAdapter } from "./registry.js";
import { tombstoneFile, writeTombstone } from "./tombstone.js";

export interface Retention {
  /** Newest versions of each line that stay, besides those that aliases hold. */
  keep: number;
  /** Younger ones stay too. */
  olderThanDays: number;
  /** Epoch ms. */
  now: number;
}

/** What may go by these rules, of adapters as listAdapters gives them: within a line the newest first. */
export function removableAdapters(
  adapters: RegisteredAdapter[],
  { keep, olderThanDays, now }: Retention,
): RegisteredAdapter[] {
  const seen = new Map<string, number>();
  return adapters.filter(({ name, removed, aliases, createdAt }) => {
    if (removed !== null) return false;
    const place = seen.get(name) ?? 0;
    seen.set(name, place + 1);
    return place >= keep && aliases.length === 0 && now - createdAt >= olderThanDays * 86_400_000;
  });
}

/**
 * Removes the weights. The tombstone is written first, so that one who is killed in between leaves no version that seems whole.
 * Returns false, and removes nothing, when an alias holds the version by now.
 */
export function removeAdapter(
  projectDir: string,
  { name, version, dir, files }: RegisteredAdapter,
  { by, why, now }: { by: string; why: string; now: number },
): Promise<boolean> {
  return withAliasLock(projectDir, name, async () => {
    if (Object.values(aliasesOf(projectDir, name)).includes(version)) return false;
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    writeTombstone(dir, { schema: 1, at: now, by, why, bytes });
    await removeFiles(dir);
    return true;
  });
}

/** Ends what killed removals left. */
export async function endRemovals(adapters: RegisteredAdapter[]): Promise<void> {
  for (const { dir, removed } of adapters) if (removed !== null) await removeFiles(dir);
}

/** Everything but lineage and tombstone. */
async function removeFiles(dir: string): Promise<void> {
  for (const entry of await readdir(dir)) {
    if (entry !== lineageFile && entry !== tombstoneFile) await rm(join(dir, entry), { recursive: true, force: true });
  }
}
