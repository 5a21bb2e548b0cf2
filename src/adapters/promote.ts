// Which version of a line is served: promote, rollback, and names that people give. What is broken, or made for another base, does not become champion.
import { userInfo } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { FtError } from "../errors.js";
import type { Env } from "../paths.js";
import {
  type AliasChange,
  type AliasMove,
  aliasesOf,
  aliasHistory,
  type GateVerdict,
  isAliasName,
  lastVerdict,
  moveAliases,
} from "./aliases.js";
import type { RegisteredAdapter } from "./registry.js";
import { readTombstone } from "./tombstone.js";
import { verifyAdapter } from "./verify.js";

/** Who decides, and why. */
export type Decision = Pick<AliasChange, "by" | "now" | "why" | "onWait">;

export interface Promotion extends Decision {
  /** Of the gate that was asked just now; null: a person decides, and the last verdict on the version, if any, counts. */
  verdict: GateVerdict | null;
  /** Also against the verdict, by one that compared with other versions, or to another base than the champion's; the history says so. */
  force: boolean;
}

/** Where the base of a version is on this machine; null: it is not. Its layers are compared with the adapter's. */
export interface BaseHere {
  baseDir: (adapter: RegisteredAdapter) => string | null;
}

/**
 * Makes the version champion, and the champion previous, in one step. Returns what moved; nothing when it is champion already. `line`: its versions.
 * Throws FtError gate.not-promoted, gate.old-verdict (gate), adapter.other-base, adapter.broken, adapter.removed (data), alias.moved (refused), promote.no-why (usage).
 */
export async function promote(
  projectDir: string,
  adapter: RegisteredAdapter,
  line: RegisteredAdapter[],
  { verdict, force, baseDir, ...decision }: Promotion & BaseHere,
): Promise<AliasMove[]> {
  const { name, version } = adapter;
  const { champion = null, anchor = null, candidate = null } = aliasesOf(projectDir, name);
  if (champion === version) return [];
  if (force && !decision.why) throw forcedWithoutWhy();
  const standing = verdict ?? lastVerdict(aliasHistory(projectDir, name), version);
  const isAgainstGate = standing !== null && standing.verdict !== "promote";
  const isOld = verdict === null && standing !== null && !isDeepStrictEqual(standing.against, { champion, anchor });
  const served = line.find((other) => other.name === name && other.version === champion);
  const isOtherBase = served !== undefined && !isSameBase(served, adapter);
  if (isOld && !force) throw oldVerdict(adapter, standing, { champion, anchor });
  if (isAgainstGate && !force) throw notPromoted(adapter, standing);
  if (isOtherBase && !force) throw otherBase(adapter, served);
  return moveAliases(
    projectDir,
    name,
    {
      expect: verdict?.against ?? { champion, anchor },
      set: {
        champion: version,
        ...(champion === null ? {} : { previous: champion }),
        ...(candidate === version ? { candidate: null } : {}),
      },
      verdict: standing,
      forced: isAgainstGate || isOld || isOtherBase,
      ...decision,
    },
    () => requireWhole(adapter, baseDir),
  );
}

/**
 * Makes the previous version champion again, and the champion previous: done twice, it is as before. `to`: the version that was asked for; null: whichever
 * it is. Throws FtError adapter.no-previous, adapter.not-previous (usage), adapter.broken, adapter.removed (data), alias.moved (refused).
 */
export async function rollback(
  projectDir: string,
  line: RegisteredAdapter[],
  { to, baseDir, ...decision }: Decision & BaseHere & { to: number | null },
): Promise<AliasMove[]> {
  const name = line[0]!.name;
  const { champion = null, previous = null } = aliasesOf(projectDir, name);
  const adapter = line.find(({ version }) => version === previous);
  if (champion === null || !adapter) throw noPrevious(name, champion);
  if (to !== null && to !== previous) throw notPrevious(name, to, { champion, previous: adapter.version });
  return moveAliases(
    projectDir,
    name,
    {
      expect: { champion, previous },
      set: { champion: previous, previous: champion },
      verdict: null,
      ...decision,
    },
    () => requireWhole(adapter, baseDir),
  );
}

/**
 * Puts a name on the version, wherever it was before; `remove` takes it off. Throws FtError alias.name, alias.not-there (usage), adapter.removed (data),
 * alias.moved (refused).
 */
export async function tag(
  projectDir: string,
  {
    adapter,
    alias,
    remove,
    verdict,
  }: { adapter: RegisteredAdapter; alias: string; remove: boolean; verdict: GateVerdict | null },
  decision: Decision,
): Promise<AliasMove[]> {
  const { name, version } = adapter;
  if (!isAliasName(alias) || alias === "champion" || alias === "previous") throw wrongAlias(alias, adapter);
  const at = aliasesOf(projectDir, name)[alias] ?? null;
  if (remove && at !== version) throw aliasNotThere(alias, adapter);
  const change = { expect: { [alias]: at }, set: { [alias]: remove ? null : version }, verdict, ...decision };
  return moveAliases(projectDir, name, change, () => {
    if (!remove) requireThere(adapter);
  });
}

/** For the history: who of the CI system, else the user of this machine. */
export function whoDecides(env: Env): string {
  const ciUser = env.GITHUB_ACTOR || env.GITLAB_USER_LOGIN;
  if (ciUser) return `${ciUser} (CI)`;
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? "unknown"}`; // a container's user has no name
  }
}

function isSameBase({ base: a }: RegisteredAdapter, { base: b }: RegisteredAdapter): boolean {
  return a.id === b.id && a.revision === b.revision;
}

async function requireWhole(adapter: RegisteredAdapter, baseDir: BaseHere["baseDir"]): Promise<void> {
  requireThere(adapter);
  const broken = (await verifyAdapter({ dir: adapter.dir, lineage: adapter, baseDir: baseDir(adapter) })).filter(
    ({ ok }) => !ok,
  );
  if (broken.length === 0) return;
  const { name, version } = adapter;
  throw new FtError({
    code: "adapter.broken",
    exit: "data",
    message: `${name}@${version} does not become champion: it is broken`,
    where: { file: adapter.dir },
    problems: broken.map(({ check, message }) => ({ message: `${check}: ${message}` })),
    next: `choose another version: ft adapters ls; ft adapters verify ${name}@${version} tells more`,
  });
}

/** By the disk: it may have been removed since it was listed. */
function requireThere({ name, version, dir }: RegisteredAdapter): void {
  const removed = readTombstone(dir);
  if (removed === null) return;
  throw new FtError({
    code: "adapter.removed",
    exit: "data",
    message: `the weights of ${name}@${version} were removed`,
    why: `by ${removed.by}, ${new Date(removed.at).toISOString().slice(0, 10)}: ${removed.why}`,
    next: "train it again from its run's recipe, or pull it from where it was pushed: ft adapters pull",
  });
}

function notPromoted({ name, version }: RegisteredAdapter, { verdict, reasons }: GateVerdict): FtError {
  return new FtError({
    code: "gate.not-promoted",
    exit: "gate",
    message: `${name}@${version} is not promoted: the gate said ${verdict}`,
    problems: reasons.map((message) => ({ message })),
    next: `to promote it against the gate, which the history will say: ft adapters promote ${name}@${version} --force --why "..."`,
  });
}

function oldVerdict(
  { name, version }: RegisteredAdapter,
  { verdict, against }: GateVerdict,
  now: { champion: number | null; anchor: number | null },
): FtError {
  const label = (at: number | null): string => (at === null ? "none" : `${name}@${at}`);
  const stands = ({ champion, anchor }: typeof now): string => `champion ${label(champion)}, anchor ${label(anchor)}`;
  return new FtError({
    code: "gate.old-verdict",
    exit: "gate",
    message: `${name}@${version} is not promoted: the gate said ${verdict} when it was compared with other versions`,
    why: `then: ${against ? stands(against) : "an older ft did not keep which"}; now: ${stands(now)}`,
    next: `ask again: ft gate ${name}@${version}; or decide without it: ft adapters promote ${name}@${version} --force --why "..."`,
  });
}

function otherBase({ name, version, base }: RegisteredAdapter, champion: RegisteredAdapter): FtError {
  return new FtError({
    code: "adapter.other-base",
    exit: "data",
    message: `${name}@${version} is not promoted: it is for another base than the champion, ${name}@${champion.version}`,
    why: `${base.id} at ${base.revision}; the champion's is ${champion.base.id} at ${champion.base.revision}`,
    next: `where the server's base changes with it: ft adapters promote ${name}@${version} --force --why "..."`,
  });
}

function forcedWithoutWhy(): FtError {
  return new FtError({
    code: "promote.no-why",
    exit: "usage",
    message: "--force needs --why",
    why: "the history keeps it for those who ask later",
    next: 'add --why "..."',
  });
}

function noPrevious(line: string, champion: number | null): FtError {
  return new FtError({
    code: "adapter.no-previous",
    exit: "usage",
    message: `${line} has no ${champion === null ? "champion" : "previous version"} to roll back`,
    next: "ft adapters promote makes a version champion, and keeps the one before",
  });
}

function notPrevious(line: string, to: number, at: { champion: number; previous: number }): FtError {
  const isChampion = to === at.champion;
  return new FtError({
    code: "adapter.not-previous",
    exit: "usage",
    message: `${line}@${to} ${isChampion ? "is the champion" : "is not the previous version"}; nothing was changed`,
    why: `rollback serves the version before the champion, which is ${line}@${at.previous}`,
    next: `ft adapters rollback ${line} serves ${line}@${at.previous}${isChampion ? "" : `; ft adapters promote ${line}@${to} serves ${line}@${to}`}`,
  });
}

function wrongAlias(alias: string, { name, version }: RegisteredAdapter): FtError {
  const isServed = alias === "champion" || alias === "previous";
  return new FtError({
    code: "alias.name",
    exit: "usage",
    message: isServed ? `${alias} is not set by hand` : `${alias} is no alias`,
    ...(isServed ? {} : { why: "lower-case letters, digits and '-', a letter first, 31 at most" }),
    next: isServed ? `ft adapters promote ${name}@${version}, or ft adapters rollback ${name}` : "choose another name",
  });
}

function aliasNotThere(alias: string, { name, version }: RegisteredAdapter): FtError {
  return new FtError({
    code: "alias.not-there",
    exit: "usage",
    message: `${alias} is not on ${name}@${version}`,
    next: `ft adapters show ${name}@${version} tells which are`,
  });
}
