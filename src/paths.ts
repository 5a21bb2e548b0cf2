// Where things are: the package's own assets, the user's caches, the project's .ft folder. Nothing is written elsewhere.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export type Env = Readonly<Record<string, string | undefined>>;

/** The installed package's root: holds trainer/, recipes/, examples/, package.json. Same for src/, dist/ and the packed files in it. */
export const packageRoot = folderWith("package.json", dirname(fileURLToPath(import.meta.url)));

function folderWith(name: string, start: string): string {
  const parent = dirname(start);
  return existsSync(join(start, name)) || parent === start ? start : folderWith(name, parent);
}

/** ft's user cache (environments, uv, converted models): $FT_CACHE, else $XDG_CACHE_HOME/ft, else ~/.cache/ft. */
export function ftCacheDir(env: Env): string {
  if (env.FT_CACHE) return resolve(env.FT_CACHE);
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "ft");
}

/** What a person sets for all projects: $XDG_CONFIG_HOME/ft, else ~/.config/ft. */
export function ftConfigDir(env: Env): string {
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), ".config"), "ft");
}

/** A project's private folder. */
export function ftDir(projectDir: string): string {
  return join(projectDir, ".ft");
}

export function runsDir(projectDir: string): string {
  return join(ftDir(projectDir), "runs");
}

export function storeFile(projectDir: string): string {
  return join(ftDir(projectDir), "ft.db");
}
