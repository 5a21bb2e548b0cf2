// JSON lines under a temporary name in the same folder, written in blocks; the file gets its name only when it is whole.
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { ensureDir } from "../../ensure-dir.js";
import type { Json } from "../json/json.js";
import { stringifyJson } from "../json/stringify-json.js";

export interface LineWriter {
  write(value: Json): Promise<void>;
  /** Flushes to disk and gives the file its name. */
  commit(): Promise<void>;
  /** Leaves nothing behind; after `commit` it does nothing. */
  discard(): Promise<void>;
}

const blockChars = 1 << 20;

/** @throws FtError env.unwritable, env.disk-full */
export async function openLineWriter(path: string): Promise<LineWriter> {
  ensureDir(dirname(path));
  const partial = `${path}.partial`;
  const handle = await open(partial, "w");
  let block = "";
  let isOpen = true;
  const flush = async () => {
    await handle.appendFile(block);
    block = "";
  };
  return {
    async write(value) {
      block += `${stringifyJson(value)}\n`;
      if (block.length > blockChars) await flush();
    },
    async commit() {
      await flush();
      await handle.sync();
      await handle.close();
      isOpen = false;
      await rename(partial, path);
    },
    async discard() {
      if (!isOpen) return;
      isOpen = false;
      await handle.close();
      await rm(partial, { force: true });
    },
  };
}
