// `ft engines keys`.

import { type EngineVersion, findTable } from "../../engines/find-table.js";
import { engineKeys, type Key, type Keys, keyTable } from "../../engines/key-table.js";
import { FtError } from "../../errors.js";
import { nearest } from "../../nearest.js";
import type { ObjectiveName } from "../../recipes/schema.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { keyDetails, keysTable } from "../views/engine-keys.js";

interface Flags {
  objective: ObjectiveName;
  scope?: string;
  json?: boolean;
}

export async function keysCommand(
  { io }: CommandContext,
  asked: string,
  wanted: string | undefined,
  flags: Flags,
): Promise<void> {
  const engine = findTable(asked);
  const keys = keysOf(engine, flags);
  const all = flatten(keys);
  const found = wanted === undefined ? listed(keys, engine) : matching(all, wanted);
  if (found.length === 0) throw unknownKey(engine, wanted!, all, flags);
  if (flags.json) return writeJson(io, { ok: true, ...engine, keys: Object.fromEntries(found) });
  const width = Math.min(io.out.columns, 140);
  const one = found.find(([path]) => path === wanted);
  io.out.write(one ? keyDetails(...one, width) : keysTable(found, width));
}

function keysOf(engine: EngineVersion, { objective, scope }: Flags): Keys {
  if (scope === undefined) return engineKeys(engine.name, engine.version, objective);
  const { scopes } = keyTable(engine.name, engine.version);
  if (Object.hasOwn(scopes, scope)) return scopes[scope]!;
  throw new FtError({
    code: "engine.unknown-scope",
    exit: "usage",
    message: `the table of ${engine.name} ${engine.version} has no part ${scope}`,
    next: `choose one of: ${Object.keys(scopes).join(", ")}`,
  });
}

/** [path, key], nested ones behind their parents. */
function flatten(keys: Keys, at = ""): [string, Key][] {
  return Object.entries(keys).flatMap(([name, key]): [string, Key][] => [
    [at + name, key],
    ...flatten(key.keys ?? {}, `${at}${name}.`),
  ]);
}

/** Unsloth's outermost names are calls, not keys. */
function listed(keys: Keys, { name }: EngineVersion): [string, Key][] {
  return name === "unsloth" ? flatten(keys).filter(([path]) => path.split(".").length === 2) : Object.entries(keys);
}

/** The key of that name, else those that begin so. */
function matching(all: [string, Key][], wanted: string): [string, Key][] {
  const exact = all.filter(([path]) => path === wanted);
  return exact.length > 0 ? exact : all.filter(([path]) => path.startsWith(wanted));
}

function unknownKey(engine: EngineVersion, wanted: string, all: [string, Key][], { objective, scope }: Flags): FtError {
  const { scopes } = keyTable(engine.name, engine.version);
  const elsewhere = Object.keys(scopes).filter((each) => Object.hasOwn(scopes[each]!, wanted));
  const near = nearest(
    wanted,
    all.map(([path]) => path),
  );
  return new FtError({
    code: "engine.unknown-key",
    exit: "usage",
    message: `${engine.name} ${engine.version} has no key ${wanted}${scope ? ` in ${scope}` : ` for ${objective}`}`,
    ...(elsewhere.length > 0 ? { why: `it is a key of ${elsewhere.join(", ")}` } : {}),
    next:
      elsewhere.length > 0
        ? `--scope ${elsewhere[0]} shows it`
        : near
          ? `did you mean ${near}?`
          : "leave the key out: all are listed",
  });
}
