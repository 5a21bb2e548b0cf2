// Whether two sides stand on the same ground: only then does a difference of scores say anything. Every doubt is a reason to hold.
import { type NamedMetric, namedMetrics, type Side, type SuiteItem, type SuiteResult } from "./side.js";

type Role = "champion" | "anchor";

/** What is wrong with the results of one side by itself. */
export function faultsOf(side: Side, role: Role | "candidate", judged: readonly NamedMetric[]): string[] {
  const faults: string[] = [];
  const all = side.suites.reduce((sum, { items }) => sum + items.size, 0);
  if (all === 0) return [`the ${role} has no results (${side.label})`];
  for (const { suite, items } of side.suites) {
    const failed = [...items].filter(([, { error }]) => error !== undefined && error !== null);
    if (failed.length > 0)
      faults.push(
        `the ${role}'s evaluation failed on ${some(failed, items.size)}${of(suite)}: ${failed[0]![1].error}; evaluate it again`,
      );
    for (const { name, key, scale } of judged.filter((metric) => metric.suite === suite)) {
      const itemsWhere = (wrong: (score: number) => boolean) =>
        [...items].filter(([, item]) => {
          const score = scoreOf(item, name);
          return score !== null && wrong(score);
        });
      const broken = itemsWhere((score) => !Number.isFinite(score));
      if (broken.length > 0)
        faults.push(`the ${role} has no number for ${key} on ${some(broken, items.size)}: evaluate it again`);
      if (scale === null) continue;
      const off = itemsWhere((score) => score < scale[0] || score > scale[1]);
      if (off.length > 0)
        faults.push(
          `${key} goes from ${scale[0]} to ${scale[1]}, and the ${role} is outside on ${some(off, items.size)}`,
        );
    }
  }
  return faults;
}

/** What differs between them that must not. */
export function differencesOf(other: Side, candidate: Side, role: Role, judged: readonly NamedMetric[]): string[] {
  return [
    ...baseDifferences(other, candidate, role),
    ...suiteDifferences(other, candidate, role),
    ...candidate.suites.flatMap((suite) => {
      const theirs = other.suites.find((each) => each.suite === suite.suite);
      if (!theirs) return [];
      const setting = settingDifferences(theirs, suite, role);
      return setting.length > 0
        ? setting
        : itemDifferences(
            theirs,
            suite,
            role,
            judged.filter((metric) => metric.suite === suite.suite),
          );
    }),
  ];
}

function baseDifferences(other: Side, candidate: Side, role: Role): string[] {
  const name = (base: Side["base"]): string => (base ? `${base.id} at ${base.revision}` : "an unknown base");
  const differences: string[] = [];
  if (name(other.base) !== name(candidate.base))
    differences.push(
      `the candidate stands on ${name(candidate.base)} and the ${role} on ${name(other.base)}: what changed would not be the training alone`,
    );
  if (other.templateSha256 !== candidate.templateSha256)
    differences.push(`the candidate and the ${role} were evaluated with different chat templates`);
  return differences;
}

function suiteDifferences(other: Side, candidate: Side, role: Role): string[] {
  const [theirs, ours] = [other, candidate].map((side) => new Set(namedMetrics(side).map(({ key }) => key)));
  const lacks = (who: string, whom: string, keys: string[]): string[] =>
    keys.length === 0 ? [] : [`the ${who} has no results for ${keys.join(", ")}, which the ${whom} has`];
  return [
    ...lacks(
      "candidate",
      role,
      [...theirs!].filter((key) => !ours!.has(key)),
    ),
    ...lacks(
      role,
      "candidate",
      [...ours!].filter((key) => !theirs!.has(key)),
    ),
  ];
}

function settingDifferences(theirs: SuiteResult, ours: SuiteResult, role: Role): string[] {
  const named = ours.suite === "" ? "the items" : `the suite ${ours.suite}`;
  const again = `evaluate the ${role} again`;
  if (theirs.sha256 !== ours.sha256) return [`${named} changed since the ${role} was evaluated: ${again}`];
  if (theirs.decoding !== ours.decoding)
    return [`${named}: answers of the candidate and the ${role} were not made with the same decoding: ${again}`];
  const metrics = (suite: SuiteResult): string =>
    JSON.stringify(suite.metrics.map(({ name, better, scale }) => [name, better, scale]).sort());
  const known = ours.metrics.every(({ name }) => theirs.metrics.some((metric) => metric.name === name));
  if (known && theirs.metrics.length === ours.metrics.length && metrics(theirs) !== metrics(ours))
    return [`${named}: the direction or scale of a metric changed since the ${role} was evaluated: ${again}`];
  return [];
}

function itemDifferences(theirs: SuiteResult, ours: SuiteResult, role: Role, judged: readonly NamedMetric[]): string[] {
  const differences: string[] = [];
  const [missing, extra] = [without(theirs, ours), without(ours, theirs)];
  if (missing.length > 0)
    differences.push(`the candidate has no result for ${some(missing, theirs.items.size)}${of(ours.suite)}`);
  if (extra.length > 0)
    differences.push(`the ${role} has no result for ${some(extra, ours.items.size)}${of(ours.suite)}`);
  const both = [...ours.items].filter(([name]) => theirs.items.has(name));
  const differ = (what: (item: SuiteItem) => unknown) =>
    both.filter(([name, item]) => what(item) !== what(theirs.items.get(name)!));
  const changed = differ(({ inputSha256 }) => inputSha256);
  if (changed.length > 0)
    differences.push(
      `the candidate and the ${role} were not asked the same on ${some(changed, both.length)}${of(ours.suite)}`,
    );
  const moved = differ(({ cluster }) => cluster);
  if (moved.length > 0)
    differences.push(
      `the candidate and the ${role} have other clusters on ${some(moved, both.length)}${of(ours.suite)}`,
    );
  for (const { name, key } of judged) {
    const oneSided = differ((item) => scoreOf(item, name) === null);
    if (oneSided.length > 0)
      differences.push(`only one of candidate and ${role} has a score for ${key} on ${some(oneSided, both.length)}`);
  }
  return differences;
}

/** The score, or null where the metric doesn't apply. */
export function scoreOf({ scores }: SuiteItem, metric: string): number | null {
  return Object.hasOwn(scores, metric) ? scores[metric]! : null;
}

function without(one: SuiteResult, other: SuiteResult): [string, SuiteItem][] {
  return [...one.items].filter(([name]) => !other.items.has(name));
}

/** "3 of 400 items (a, b, c)". */
function some(items: readonly (readonly [string, unknown])[], all: number): string {
  const names = items.slice(0, 3).map(([name]) => name);
  return `${items.length} of ${all} items (${names.join(", ")}${items.length > 3 ? ", ..." : ""})`;
}

function of(suite: string): string {
  return suite === "" ? "" : ` of ${suite}`;
}
