// Where the rows of a dataset lie: its paths as files of this machine. Patterns and folders are expanded, stdin is kept.
import { FtError } from "../errors.js";
import type { DatasetSource } from "./dataset-facts.js";
import { expandPath } from "./sources/expand-path.js";
import { spoolStdin } from "./sources/spool-stdin.js";

export interface LocateOptions {
  /** What the path "-" stands for; left out: it stands for nothing. */
  stdin?: NodeJS.ReadableStream & { isTTY?: boolean };
}

/**
 * The source with one entry a file, each with the format and weight of the path that named it.
 * @throws FtError data.missing, data.no-match, data.several-kinds, data.stdin
 */
export async function locateFiles(source: DatasetSource, options: LocateOptions = {}): Promise<DatasetSource> {
  const at: Record<string, string> = { ...source.at };
  const locate = async (path: string): Promise<string[]> => {
    if (path in at) return [path];
    if (path !== "-") return expandPath(path, source.dir);
    if (!options.stdin) throw noStdin();
    at["-"] = await spoolStdin(options.stdin);
    return ["-"];
  };
  const train: DatasetSource["train"] = [];
  for (const entry of source.train) for (const path of await locate(entry.path)) train.push({ ...entry, path });
  if (!source.eval) return { ...source, train, at };
  const held: string[] = [];
  for (const entry of source.eval) held.push(...(await locate(entry)));
  return { ...source, train, eval: held, at };
}

function noStdin(): FtError {
  return new FtError({
    code: "data.stdin",
    exit: "recipe",
    message: "a recipe cannot train on stdin: a run must be repeatable",
    next: "write the rows into a file, and name it",
  });
}
