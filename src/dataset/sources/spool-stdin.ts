// The rows of stdin in a file: they are read more than once. The file has no name, so that nothing is left behind, however ft ends.
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addAbortSignal, type Readable } from "node:stream";
import { isDiskFull } from "../../ensure-dir.js";
import { FtError } from "../../errors.js";
import { diskFull } from "../../free-space.js";

export type Stdin = Readable & { isTTY?: boolean };

/** Returns a path that this process can open as often as it likes. @throws FtError data.terminal, env.disk-full */
export async function spoolStdin(stdin: Stdin, signal?: AbortSignal): Promise<string> {
  if (stdin.isTTY) throw terminal();
  if (signal) addAbortSignal(signal, stdin);
  const dir = mkdtempSync(join(tmpdir(), "ft-stdin-"));
  const file = openSync(join(dir, "rows"), "w+", 0o600);
  rmSync(dir, { recursive: true });
  let bytes = 0;
  try {
    for await (const chunk of stdin) {
      const buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
      for (let written = 0; written < buffer.length; ) written += writeSync(file, buffer, written);
      bytes += buffer.length;
    }
  } catch (error) {
    closeSync(file);
    throw isDiskFull(error) ? diskFull(tmpdir(), bytes, null, "keep the rows of stdin") : error;
  }
  // It stays open until ft ends: closing it would delete it.
  return `/dev/fd/${file}`;
}

function terminal(): FtError {
  return new FtError({
    code: "data.terminal",
    exit: "usage",
    message: "- stands for the rows of stdin, and nothing is piped into it",
    next: "for example: zcat rows.jsonl.gz | ft data check -",
  });
}
