// Training and held-out rows without leakage: what belongs together goes to one side, and each stratum gives its share.
import { looseDigest, promptDigest } from "../canonical-key.js";
import type { DatasetSource } from "../dataset-facts.js";
import { unitInterval } from "../held-out.js";
import { createNearIndex } from "../near-duplicates/near-index.js";
import { ownText } from "../near-duplicates/own-text.js";
import { curateRows, type KeyOf, type ProgressOfFile } from "./curate-rows.js";
import { type Decisions, isUsable, noDecisions } from "./decisions.js";

export interface SplitOptions {
  /** Of the rows that are held out, in (0, 1). */
  fraction: number;
  /** Each of its values is held out in the same share. */
  stratify?: KeyOf;
  /** Rows with the same value stay together. */
  group?: KeyOf;
  /** Near duplicates stay together too, not only copies and answers to one prompt. */
  near: boolean;
  seed: number;
}

/** A set of rows that stay together. */
interface Group {
  rows: number[];
  stratum: string;
  rank: number;
}

/** Deterministic for a seed. A group of several strata counts for that of its first row. */
export async function split(
  source: DatasetSource,
  options: SplitOptions,
  onBytes?: ProgressOfFile,
): Promise<Decisions> {
  const decisions = noDecisions();
  const together = joinRows();
  const near = options.near ? createNearIndex() : null;
  const strata = new Map<number, string>();
  const ranks = new Map<number, number>();
  try {
    for await (const each of curateRows(source, onBytes)) {
      near?.add(each.row ? ownText(each.row) : "");
      if (!isUsable(each, decisions)) continue;
      const { number, row } = each;
      strata.set(number, options.stratify?.(each) ?? "");
      ranks.set(number, unitInterval(`split ${options.seed}:`, looseDigest(row)));
      together.by(`copy ${promptDigest(row).toString("base64")}`, number);
      if (options.group) together.by(`group ${options.group(each)}`, number);
    }
    const firstOf = (await near?.finish()) ?? new Int32Array(0);
    firstOf.forEach((first, number) => {
      if (first !== number && strata.has(number)) together.join(first, number);
    });
  } finally {
    near?.close();
  }
  const groups = new Map<number, Group>();
  for (const [number, stratum] of strata) {
    const root = together.root(number);
    const group = groups.get(root);
    if (group) group.rows.push(number);
    else groups.set(root, { rows: [number], stratum, rank: ranks.get(number) as number });
  }
  const ofStratum = new Map<string, Group[]>();
  for (const group of groups.values()) push(ofStratum, group);
  for (const stratum of ofStratum.values()) {
    for (const number of heldOutOf(stratum, options.fraction)) decisions.heldOut.add(number);
  }
  return decisions;
}

function push(ofStratum: Map<string, Group[]>, group: Group): void {
  const groups = ofStratum.get(group.stratum);
  if (groups) groups.push(group);
  else ofStratum.set(group.stratum, [group]);
}

/** In random order, each group is taken that brings the held-out rows nearer to their share. */
function heldOutOf(groups: Group[], fraction: number): number[] {
  const wanted = fraction * groups.reduce((sum, { rows }) => sum + rows.length, 0);
  const taken: number[] = [];
  for (const { rows } of groups.sort((a, b) => a.rank - b.rank || (a.rows[0] as number) - (b.rows[0] as number))) {
    if (Math.abs(taken.length + rows.length - wanted) < Math.abs(taken.length - wanted)) taken.push(...rows);
  }
  return taken;
}

/** Union-find over row numbers. */
function joinRows() {
  const parent = new Map<number, number>();
  const firstOf = new Map<string, number>();
  const root = (row: number): number => {
    let at = row;
    while ((parent.get(at) ?? at) !== at) at = parent.get(at) as number;
    if (at !== row) parent.set(row, at);
    return at;
  };
  const join = (a: number, b: number) => {
    const [left, right] = [root(a), root(b)];
    if (left !== right) parent.set(Math.max(left, right), Math.min(left, right));
  };
  return {
    root,
    join,
    /** Rows with one key are together. */
    by(key: string, row: number) {
      const first = firstOf.get(key);
      if (first === undefined) firstOf.set(key, row);
      else join(first, row);
    },
  };
}
