// Where the rows of a dataset lie: its paths as files of this machine. Patterns and folders are expanded, the Hub's files fetched, stdin kept.
import { FtError } from "../errors.js";
import type { DatasetSource } from "./dataset-facts.js";
import { isHubAddress, parseHubAddress } from "./hub/address.js";
import type { HubDataOptions } from "./hub/fetch-dataset.js";
import { expandPath } from "./sources/expand-path.js";
import { type Stdin, spoolStdin } from "./sources/spool-stdin.js";

export interface LocateOptions extends HubDataOptions {
  /** What the path "-" stands for; left out: it stands for nothing. */
  stdin?: Stdin;
}

export interface LocatedSource extends DatasetSource {
  at: Record<string, string>;
  /** Of the Hub's datasets among it: repository -> commit. */
  pins: Record<string, string>;
}

/**
 * The source with one entry a file, each with the format and weight of the path that named it.
 * @throws FtError data.* (expand-path.ts, hub/fetch-dataset.ts, spool-stdin.ts)
 */
export async function locateFiles(source: DatasetSource, options: LocateOptions): Promise<LocatedSource> {
  const at: Record<string, string> = {};
  const pins: Record<string, string> = {};
  const locate = async (path: string): Promise<string[]> => {
    if (isHubAddress(path)) {
      const { fetchDataset } = await import("./hub/fetch-dataset.js");
      const fetched = await fetchDataset(parseHubAddress(path), options);
      Object.assign(at, Object.fromEntries(fetched.files));
      Object.assign(pins, fetched.pins);
      return [...fetched.files.keys()];
    }
    if (path !== "-") return expandPath(path, source.dir);
    if (!options.stdin) throw noStdin();
    at["-"] ??= await spoolStdin(options.stdin, options.signal);
    return ["-"];
  };
  const train: DatasetSource["train"] = [];
  for (const entry of source.train) for (const path of await locate(entry.path)) train.push({ ...entry, path });
  if (!source.eval) return { ...source, train, at, pins };
  const held: string[] = [];
  for (const entry of source.eval) held.push(...(await locate(entry)));
  return { ...source, train, eval: held, at, pins };
}

function noStdin(): FtError {
  return new FtError({
    code: "data.stdin",
    exit: "recipe",
    message: "a recipe cannot train on stdin: a run must be repeatable",
    next: "write the rows into a file, and name it",
  });
}
