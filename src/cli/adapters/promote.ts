// `ft adapters promote|rollback|tag`: which version of a line is served, and other names for versions.
import { type AliasMove, aliasesOf } from "../../adapters/aliases.js";
import { baseFolder } from "../../adapters/project-adapters.js";
import { type Decision, promote, rollback, tag, whoDecides } from "../../adapters/promote.js";
import { findAdapter, type RegisteredAdapter } from "../../adapters/registry.js";
import { tellRollback } from "../../pipeline/ci/line-alerts.js";
import { type Io, writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { nameOf, registeredAdapters } from "./with-adapters.js";

interface Flags {
  why?: string;
  json?: boolean;
}

export async function promoteCommand(
  { io }: CommandContext,
  reference: string,
  flags: Flags & { force?: boolean },
): Promise<void> {
  const adapters = await registeredAdapters(io);
  const adapter = findAdapter(adapters, reference);
  const promotion = { ...decision(io, flags), ...bases(io), verdict: null, force: flags.force ?? false };
  const moves = await promote(io.cwd, adapter, adapters, promotion);
  present(io, adapter, moves, {
    flags,
    done: `${nameOf(adapter)} is champion${before(moves)}`,
    nothing: `${nameOf(adapter)} is champion already; nothing was changed`,
  });
}

export async function rollbackCommand({ io }: CommandContext, reference: string, flags: Flags): Promise<void> {
  const adapters = await registeredAdapters(io);
  const { name, version: named } = findAdapter(adapters, reference);
  const versions = adapters.filter((adapter) => adapter.name === name);
  const decided = decision(io, flags);
  const to = reference === name ? null : named;
  const moves = await rollback(io.cwd, versions, { ...decided, ...bases(io), to });
  const champion = versions.find(({ version }) => version === aliasesOf(io.cwd, name).champion)!;
  present(io, champion, moves, {
    flags,
    done: `rolled back: ${nameOf(champion)} is champion again${before(moves)}; ft adapters rollback ${name} rolls forward`,
    nothing: "",
  });
  const from = moves.find(({ alias }) => alias === "champion")!.from;
  const { by, why, now: at } = decided;
  const problem = await tellRollback(
    io.cwd,
    { line: name, champion: nameOf(champion), before: `${name}@${from}`, by, why, at },
    io.env,
  );
  if (problem !== null) io.err.write(`note: ${problem}\n`);
}

export async function tagCommand(
  { io }: CommandContext,
  reference: string,
  alias: string,
  flags: Flags & { remove?: boolean },
): Promise<void> {
  const adapter = findAdapter(await registeredAdapters(io), reference);
  const remove = flags.remove ?? false;
  const moves = await tag(io.cwd, { adapter, alias, remove, verdict: null }, decision(io, flags));
  const from = moves[0]?.from;
  const came = from ? `, before on ${adapter.name}@${from}` : "";
  present(io, adapter, moves, {
    flags,
    done: remove ? `${alias} was taken off ${nameOf(adapter)}` : `${alias} is on ${nameOf(adapter)}${came}`,
    nothing: `${alias} is on ${nameOf(adapter)} already; nothing was changed`,
  });
}

function decision(io: Io, { why }: Flags): Decision {
  const onWait = (pid: number) =>
    io.err.write(`note: waiting for process ${pid}, which is moving an alias of this line\n`);
  return { by: whoDecides(io.env), now: io.now(), why: why?.trim() || null, onWait };
}

function bases(io: Io) {
  return { baseDir: (adapter: RegisteredAdapter) => baseFolder(io.cwd, adapter, io.env) };
}

function before(moves: AliasMove[]): string {
  const from = moves.find(({ alias }) => alias === "champion")?.from;
  return from ? `, before it was @${from}` : "";
}

function present(
  io: Io,
  { name, version }: RegisteredAdapter,
  moves: AliasMove[],
  { flags, done, nothing }: { flags: Flags; done: string; nothing: string },
): void {
  if (flags.json) writeJson(io, { ok: true, name, version, moves, aliases: aliasesOf(io.cwd, name) });
  else io.out.write(`${moves.length > 0 ? done : nothing}\n`);
}
