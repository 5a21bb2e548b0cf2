// `ft adapters verify`.
import { resolve } from "node:path";
import { adapterToVerify } from "../../adapters/project-adapters.js";
import { checkSignature } from "../../adapters/sign.js";
import { verifyAdapter } from "../../adapters/verify.js";
import { exitCodes } from "../../errors.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { checkLines } from "../views/adapters.js";

interface Flags {
  key?: string;
  json?: boolean;
}

export async function verifyCommand({ io, exit }: CommandContext, reference: string, flags: Flags): Promise<void> {
  const adapter = adapterToVerify(io.cwd, reference, io.env);
  const checks = await verifyAdapter(adapter);
  if (flags.key) checks.push(await checkSignature(adapter.dir, resolve(io.cwd, flags.key)));
  const ok = checks.every((check) => check.ok);
  if (flags.json) writeJson(io, { ok, adapter: reference, folder: adapter.dir, checks });
  else io.out.write(checkLines(reference, checks));
  if (!ok) exit(exitCodes.data.code);
}
