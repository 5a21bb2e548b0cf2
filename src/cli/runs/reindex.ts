// `ft runs reindex`.

import { FtError } from "../../errors.js";
import { reindexAdapters } from "../../pipeline/reindex.js";
import { reindexRuns } from "../../pipeline/reindex-runs.js";
import { checkStore, openStore, setAside } from "../../store/open.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";

export async function reindexCommand({ io }: CommandContext, flags: { json?: boolean }): Promise<void> {
  const aside = setAsideIfCorrupt(io.cwd, io.now());
  if (aside) io.err.write(`the store could not be read; it is kept as ${aside}\n`);
  const store = openStore(io.cwd);
  try {
    const { runs, problems: runProblems } = await reindexRuns(store, io.cwd);
    const rest = reindexAdapters(store, io.cwd);
    const problems = [...runProblems, ...rest.problems];
    for (const problem of problems) io.err.write(`note: ${problem}\n`);
    if (flags.json) return writeJson(io, { ok: true, runs, ...rest, problems, setAside: aside });
    io.out.write(`${runs} runs, ${rest.evaluations} evaluations, ${rest.adapters} adapters taken over\n`);
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
