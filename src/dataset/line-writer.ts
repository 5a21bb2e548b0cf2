// JSON lines under a temporary name in the same folder, written in blocks; the file gets its name only when it is whole.
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { FtError } from "../errors.js";
import type { Json } from "./json/json.js";
import { stringifyJson } from "./json/stringify-json.js";

export interface LineWriter {
  write(value: Json): Promise<void>;
  /** Flushes to disk and gives the file its name. */
  commit(): Promise<void>;
  /** Leaves nothing behind; after `commit` it does nothing. */
  discard(): Promise<void>;
}

const blockChars = 1 << 20;

/**
 * @param failure what a full disk or an unwritable folder means, one sentence
 * @throws FtError env.unwritable, env.disk-full; so do the writer's functions
 */
export async function openLineWriter(path: string, failure = `${path} cannot be written`): Promise<LineWriter> {
  const named = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error) => {
      throw writeError(error, failure);
    });
  const partial = `${path}.partial`;
  await named(mkdir(dirname(path), { recursive: true }));
  const handle = await named(open(partial, "w"));
  let block = "";
  let isOpen = true;
  const flush = async () => {
    await named(handle.appendFile(block));
    block = "";
  };
  return {
    async write(value) {
      block += `${stringifyJson(value)}\n`;
      if (block.length > blockChars) await flush();
    },
    async commit() {
      await flush();
      await named(handle.sync());
      await handle.close();
      isOpen = false;
      await named(rename(partial, path));
    },
    async discard() {
      if (!isOpen) return;
      isOpen = false;
      await handle.close();
      await rm(partial, { force: true });
    },
  };
}

const nextFor: Record<string, string> = {
  ENOSPC: "free some disk space",
  EDQUOT: "free some of your disk quota",
  EACCES: "make the folder writable",
  EPERM: "make the folder writable",
  EROFS: "choose a folder on a writable disk",
  ENOTDIR: "choose another folder: a file stands where one should be",
  EISDIR: "choose another name: a folder has it",
};

/** Gives the failures that a disk or a folder causes their name; leaves others as they are. */
function writeError(error: unknown, failure: string): unknown {
  const { code = "", message } = error as NodeJS.ErrnoException;
  const next = nextFor[code];
  if (!next || error instanceof FtError) return error;
  return new FtError({
    code: code === "ENOSPC" || code === "EDQUOT" ? "env.disk-full" : "env.unwritable",
    exit: "environment",
    message: failure,
    why: message,
    next,
    cause: error,
  });
}
