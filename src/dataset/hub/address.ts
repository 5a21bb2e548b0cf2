// How a dataset of the Hub is named wherever a data file may stand: hf://datasets/org/name@revision/path?config=name&split=name
import { FtError } from "../../errors.js";
import { nearest } from "../../nearest.js";

export interface HubAddress {
  /** As written. */
  text: string;
  /** "org/name" */
  id: string;
  /** Branch, tag or commit; null: main. */
  revision: string | null;
  /** A file, folder or pattern inside the repository; null: the files of a split. */
  path: string | null;
  config: string | null;
  split: string | null;
}

const scheme = "hf://";
const start = "hf://datasets/";
const example = "hf://datasets/openai/gsm8k?config=main&split=train";

export function isHubAddress(path: string): boolean {
  return path.startsWith(scheme);
}

/** @throws FtError data.hub-address (exit data) */
export function parseHubAddress(text: string): HubAddress {
  const fail = (why: string, next = `for example ${example}`) =>
    new FtError({ code: "data.hub-address", exit: "data", message: `${text} names no dataset of the Hub`, why, next });
  if (!text.startsWith(start)) throw fail(`it does not begin with ${start}`);
  const [location = "", query = "", ...rest] = text.slice(start.length).split("?");
  if (rest.length > 0) throw fail("it has more than one ?");
  const match = /^([\w.-]+\/[\w.-]+)(?:@(refs\/(?:convert|pr)\/[^/]+|[^/]+))?(?:\/(.*))?$/.exec(location);
  if (!match) throw fail("after hf://datasets/ comes org/name");
  const [, id, revision, path] = match;
  const options = new Map<string, string>();
  for (const [key, value] of new URLSearchParams(query)) {
    if (key !== "config" && key !== "split") {
      const meant = nearest(key, ["config", "split"]);
      const next =
        key === "revision" ? `write ${start}${id}@${value || "revision"}` : meant && `did you mean ${meant}?`;
      throw fail(`after ? may stand config and split, not ${key}`, next ?? undefined);
    }
    if (value === "" || options.has(key)) throw fail(`${key} is ${value === "" ? "empty" : "given twice"}`);
    options.set(key, value);
  }
  if (path && options.size > 0) throw fail("a path inside the repository says which files; config and split do too");
  return {
    text,
    id: id!,
    revision: revision === undefined ? null : decodeURIComponent(revision),
    path: path || null,
    config: options.get("config") ?? null,
    split: options.get("split") ?? null,
  };
}

/** The repository at a revision, as a lock names it. */
export function repositoryName(id: string, revision: string): string {
  return `${start}${id}@${revision}`;
}

/** A file of it, as findings and locks name it. */
export function fileName(id: string, revision: string, path: string): string {
  return `${start}${id}${revision === "main" ? "" : `@${revision}`}/${path}`;
}
