// `ft adapters push|pull`.
import { resolve } from "node:path";
import { pullAdapter } from "../../adapters/pull.js";
import { pushAdapter } from "../../adapters/push.js";
import { FtError } from "../../errors.js";
import { openProject } from "../../pipeline/open-project.js";
import { suiteScores } from "../../pipeline/suites/suite-scores.js";
import { recipeSchema } from "../../recipes/schema.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { progressLines } from "../progress-lines.js";
import { nameOf, registeredAdapter } from "./with-adapters.js";

interface PushFlags {
  repo: string;
  public?: boolean;
  branch: string;
  json?: boolean;
}

export async function pushCommand({ io }: CommandContext, reference: string, flags: PushFlags): Promise<void> {
  const adapter = await registeredAdapter(io, reference);
  const target = { repo: flags.repo, private: !flags.public, branch: flags.branch };
  const lines = progressLines(io);
  let notice: string | null = null;
  const { url, tag, isNew } = await pushAdapter(adapter, target, io.env, {
    scores: await suiteScores(io.cwd, adapter),
    onNotice: (text) => {
      notice = text;
    },
    onProgress: lines.report,
  }).finally(lines.end);
  if (notice !== null) io.err.write(`note: ${notice}\n`);
  if (flags.json) return writeJson(io, { ok: true, adapter: nameOf(adapter), ...target, tag, url, isNew });
  io.out.write(`${isNew ? "pushed" : "is there already:"} ${nameOf(adapter)}  ${url}\n`);
}

interface PullFlags {
  revision?: string;
  as?: string;
  key?: string;
  json?: boolean;
}

export async function pullCommand({ io }: CommandContext, asked: string, flags: PullFlags): Promise<void> {
  const { repo, revision } = sourceOf(asked, flags.revision);
  if (flags.as !== undefined && !recipeSchema.shape.name.safeParse(flags.as).success) throw wrongLine(flags.as);
  const db = await openProject(io.cwd);
  const lines = progressLines(io);
  try {
    const source = { repo, revision, as: flags.as ?? null, key: flags.key ? resolve(io.cwd, flags.key) : null };
    const context = { db, projectDir: io.cwd, env: io.env, now: io.now(), onProgress: lines.report };
    const { adapter, isNew } = await pullAdapter(source, context).finally(lines.end);
    if (flags.json)
      return writeJson(io, { ok: true, adapter: nameOf(adapter), repo, revision, folder: adapter.dir, isNew });
    io.out.write(`${isNew ? "pulled" : "is registered already:"} ${nameOf(adapter)}  ${adapter.dir}\n`);
  } finally {
    db.close();
  }
}

/** `org/name@7` is the tag v7. */
function sourceOf(asked: string, revision: string | undefined): { repo: string; revision: string } {
  const [, repo, version] = /^([\w.-]+\/[\w.-]+)(?:@v?(\d+))?$/.exec(asked) ?? [];
  if (repo && !(version && revision)) return { repo, revision: version ? `v${version}` : (revision ?? "main") };
  throw new FtError({
    code: "hub.source",
    exit: "usage",
    message: repo ? "a version and --revision say two things" : `${asked} is no repository of the Hub`,
    next: "type org/name, or org/name@7 for its version 7",
  });
}

function wrongLine(line: string): FtError {
  return new FtError({
    code: "adapter.line",
    exit: "usage",
    message: `${line} is no name for a line`,
    next: "use lower-case letters, digits, '.', '_' and '-' (63 at most)",
  });
}
