// Tables that ft ships and a person can go over: JSON lines in data/, and a file of the person's own.
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { FtError } from "../errors.js";
import type { Env } from "../paths.js";

/** The person's own file: the one that the variable names, else `name` below $XDG_CONFIG_HOME/ft or ~/.config/ft. It need not exist. */
export function ownFile(variable: string, name: string, env: Env): string {
  const named = env[variable];
  if (named) return resolve(named);
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), ".config"), "ft", name);
}

/** Empty lines and those that begin with // are left out. Throws what `invalid` makes of a line that is no JSON. */
export function readJsonLines(
  file: string,
  invalid: (file: string, line: number, why: string) => FtError,
): { value: Record<string, unknown>; line: number }[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .map((text, index) => ({ text: text.trim(), line: index + 1 }))
    .filter(({ text }) => text !== "" && !text.startsWith("//"))
    .map(({ text, line }) => {
      try {
        return { value: JSON.parse(text) as Record<string, unknown>, line };
      } catch (error) {
        throw invalid(file, line, (error as Error).message);
      }
    });
}
