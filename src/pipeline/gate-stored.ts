// The gate on stored evaluations: which ones stand against each other by the line's aliases, what is missing and how to make it, and the verdict.
import { aliasesOf } from "../adapters/aliases.js";
import { findAdapter, listAdapters, type RegisteredAdapter } from "../adapters/registry.js";
import { FtError } from "../errors.js";
import type { Side } from "../eval/gate/side.js";
import { gate, type Sides, type Verdict } from "../eval/gate.js";
import { heldOutSuite } from "../eval/held-out-records.js";
import { judgedItems } from "../eval/record-store.js";
import type { LoadedRecipe } from "../recipes/load.js";
import { canonicalJson } from "../recipes/lock-file.js";
import type { GateRule } from "../recipes/schema/gate.js";
import type { Recipe } from "../recipes/schema.js";
import type { Store } from "../store/open.js";
import { findSides, notEvaluated, type SuiteSides } from "./suites/stored-sides.js";

export interface StoredGround {
  /** The candidate. */
  adapter: RegisteredAdapter;
  sides: Sides;
  labels: { candidate: string; champion: string | null; anchor: string | null };
  /** Where the aliases stand: a verdict on this ground says nothing of other versions. */
  against: { champion: number | null; anchor: number | null };
  /** Evaluations that the verdict needs and that are not there, each with what makes it, in words. */
  missing: string[];
}

/**
 * The candidate's evaluations on the recipe's suites, and those of its line's champion and anchor on the very same. There is no champion where no
 * version was promoted: the base's evaluation does not stand in for one. Throws FtError adapter.unknown, gate.is-champion (usage).
 */
export function storedGround(
  store: Store,
  { recipe, dir }: LoadedRecipe,
  { reference, rule }: { reference: string; rule: GateRule },
): StoredGround {
  const adapters = listAdapters(store, dir);
  const adapter = findAdapter(adapters, reference);
  const aliases = aliasesOf(dir, adapter.name);
  if (aliases.champion === adapter.version) throw isChampion(adapter);
  const versions = { champion: aliases.champion ?? null, anchor: aliases.anchor ?? null };
  const other = (version: number | null): RegisteredAdapter | null =>
    version === null ? null : findAdapter(adapters, `${adapter.name}@${version}`);
  const [champion, anchor] = [
    other(versions.champion),
    versions.anchor === adapter.version ? null : other(versions.anchor),
  ];
  const others = [champion, anchor].filter((one) => one !== null);
  const references = [...new Set([...others, adapter].map(nameOf))];
  const names = judgedSuites(recipe, rule);
  const found = findSides(store, dir, { references, names }).suites;
  const suites = names.flatMap((name) => found.find(({ suite }) => suite.name === name) ?? []);
  const sideOf = (one: RegisteredAdapter): Side => toSide(store, one, suites);
  const lacking = [
    ...names
      .filter((name) => !suites.some(({ suite }) => suite.name === name))
      .map((suite) => ({ suite, one: adapter, why: notEvaluated })),
    ...suites.flatMap(({ suite: { name: suite }, missing }) =>
      missing.map(({ label, why }) => ({ suite, one: others.find((other) => nameOf(other) === label)!, why })),
    ),
  ];
  const missing = lacking.map((each) => missingText(each, adapter, recipe));
  return {
    adapter,
    sides: { candidate: sideOf(adapter), champion: champion && sideOf(champion), anchor: anchor && sideOf(anchor) },
    against: versions,
    labels: { candidate: nameOf(adapter), champion: champion && nameOf(champion), anchor: anchor && nameOf(anchor) },
    missing,
  };
}

/** Holds where something is missing: what is left would say less than the rule asks. */
export function judgeStored({ sides, missing }: StoredGround, rule: GateRule): Verdict {
  return missing.length > 0 ? { verdict: "hold", reasons: missing, checks: [] } : gate(sides, rule);
}

/**
 * The recipe's suites in their order, then the held-out rows where they stay the same from run to run (a file of their own), there is nothing
 * else to judge by, or the rule names them: rows that each run takes out of its training data anew cannot be compared.
 */
export function judgedSuites(
  { eval: { suites = [] }, data }: Recipe,
  { primary, guards, margins, floors }: GateRule,
): string[] {
  const names = suites.map(({ name }) => name);
  const ruled = [primary, ...(guards === "all" ? [] : guards), ...Object.keys(margins), ...Object.keys(floors)];
  const isRuled = ruled.some((key) => key?.startsWith(`${heldOutSuite}/`));
  return names.length === 0 || data.eval !== undefined || isRuled ? [...names, heldOutSuite] : names;
}

function toSide(store: Store, adapter: RegisteredAdapter, suites: readonly SuiteSides[]): Side {
  const { base, templateSha256 } = adapter;
  const label = nameOf(adapter);
  return {
    ...{ label, base, templateSha256 },
    suites: suites.flatMap(({ sides }) => {
      const own = sides.find((side) => side.label === label)?.manifest;
      if (!own) return [];
      const { name, sha256, metrics } = own.suite;
      return {
        ...{ suite: name, sha256, decoding: canonicalJson(own.decoding) },
        metrics: metrics.map(({ name, better, scale = null }) => ({ name, better, scale })),
        items: judgedItems(store, own.id),
      };
    }),
  };
}

function missingText(
  { suite, one, why }: { suite: string; one: RegisteredAdapter; why: string },
  candidate: RegisteredAdapter,
  { data }: Recipe,
): string {
  const what = `${suite} of ${nameOf(one)}: ${why}`;
  if (suite === heldOutSuite && data.eval === undefined) {
    if (why === notEvaluated) return `${what}; ft eval ${one.run}`;
    return `${what}. Rows that each run takes out of its training data cannot be compared: keep them in a file that stays (data.eval), or judge by eval.suites; a person may promote it all the same (ft adapters promote --force)`;
  }
  // The candidate's own may be the older ones; what is there is not made twice.
  const subjects = why === notEvaluated ? [one] : [candidate, one];
  return `${what}; ft eval run ${subjects.map(nameOf).join(" ")} --suite ${suite}`;
}

function nameOf({ name, version }: Pick<RegisteredAdapter, "name" | "version">): string {
  return `${name}@${version}`;
}

function isChampion(adapter: RegisteredAdapter): FtError {
  return new FtError({
    code: "gate.is-champion",
    exit: "usage",
    message: `${nameOf(adapter)} is the champion already: there is nothing to decide`,
    next: "name another version: ft gate <line>@<version>; ft adapters ls lists them",
  });
}
