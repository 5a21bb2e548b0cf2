// `ft adapters sign`.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { signFolder } from "../../adapters/sign.js";
import { verifyAdapter } from "../../adapters/verify.js";
import { FtError } from "../../errors.js";
import { type Io, writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { nameOf, registeredAdapter } from "./with-adapters.js";

interface Flags {
  key: string;
  passphraseFile?: string;
  json?: boolean;
}

export async function signCommand({ io }: CommandContext, reference: string, flags: Flags): Promise<void> {
  const adapter = await registeredAdapter(io, reference);
  const passphrase = flags.passphraseFile ? readPassphrase(io, flags.passphraseFile) : null;
  const broken = (await verifyAdapter({ dir: adapter.dir, lineage: adapter, baseDir: null })).filter(({ ok }) => !ok);
  if (broken.length > 0) throw notSigned(nameOf(adapter), broken.length);
  const { file, keySha256 } = await signFolder(adapter.dir, resolve(io.cwd, flags.key), passphrase);
  if (flags.json) return writeJson(io, { ok: true, adapter: nameOf(adapter), file, keySha256 });
  io.out.write(`signed ${nameOf(adapter)} with the key sha256 ${keySha256.slice(0, 12)}\n  ${file}\n`);
}

/** Without the line end that editors add. */
function readPassphrase(io: Io, name: string): string {
  const file = resolve(io.cwd, name);
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw new FtError({
      code: "sign.passphrase",
      exit: "usage",
      message: "the file with the passphrase cannot be read",
      where: { file },
      why: (cause as Error).message,
      next: "give a file that holds the passphrase and nothing else",
      cause,
    });
  }
}

function notSigned(name: string, count: number): FtError {
  return new FtError({
    code: "adapter.broken",
    exit: "data",
    message: `${name} is not signed: ${count} of its checks fail`,
    next: `ft adapters verify ${name} says which`,
  });
}
