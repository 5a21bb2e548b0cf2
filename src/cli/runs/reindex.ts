// `ft runs reindex`.

import { FtError } from "../../errors.js";
import { rebuildStore } from "../../pipeline/open-project.js";
import { checkStore, openStore, setAside } from "../../store/open.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";

export async function reindexCommand({ io }: CommandContext, flags: { json?: boolean }): Promise<void> {
  const aside = setAsideIfCorrupt(io.cwd, io.now());
  if (aside) io.err.write(`the store could not be read; it is kept as ${aside}\n`);
  const store = openStore(io.cwd);
  try {
    const rebuilt = await rebuildStore(store, io.cwd);
    for (const problem of rebuilt.problems) io.err.write(`note: ${problem}\n`);
    if (flags.json) return writeJson(io, { ok: true, ...rebuilt, setAside: aside });
    io.out.write(
      `taken over: runs ${rebuilt.runs}, evaluations ${rebuilt.evaluations}, adapters ${rebuilt.adapters}\n`,
    );
  } finally {
    store.close();
  }
}

function setAsideIfCorrupt(projectDir: string, now: number): string | null {
  try {
    checkStore(projectDir);
    return null;
  } catch (error) {
    if (error instanceof FtError && error.code === "store.corrupt") return setAside(projectDir, now);
    throw error;
  }
}
