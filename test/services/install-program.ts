// Puts a program of test/fixtures in front of all others of its name, for this process and what it starts.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

export function installProgram(name: string, script: string): void {
  const bin = mkdtempSync(join(tmpdir(), "ft-bin-"));
  writeFileSync(join(bin, name), `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`, { mode: 0o755 });
  process.env.PATH = `${bin}${delimiter}${process.env.PATH}`;
}
