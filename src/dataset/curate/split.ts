// Training and held-out rows without leakage: what belongs together goes to one side, and each stratum gives its share.
import { FtError } from "../../errors.js";
import { promptDigest, sha256 } from "../canonical-key.js";
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
  /** By it alone the group is chosen: whatever the order of the rows, and whatever other groups there are. */
  score: number;
  stratum: string;
}

/** What a row adds to its group. */
interface Member {
  /** The least of a group's rows names it: what a person groups by, else the prompt. */
  name: string;
  stratum: string;
}

/**
 * Deterministic for a seed and independent of the order of the rows. Without strata a group's own score decides, so that it keeps its side
 * when the data grows, as long as that comes to about the share; of strata each gives its share as nearly as its groups allow.
 * @throws FtError data.one-group when all rows belong together, data.*
 */
export async function split(
  source: DatasetSource,
  options: SplitOptions,
  onBytes?: ProgressOfFile,
): Promise<Decisions> {
  const decisions = noDecisions();
  const together = joinRows();
  const near = options.near ? createNearIndex() : null;
  const members = new Map<number, Member>();
  let isNearTheCause = false;
  try {
    for await (const each of curateRows(source, onBytes)) {
      near?.add(each.row ? ownText(each.row) : "");
      if (!isUsable(each, decisions)) continue;
      const { number, row } = each;
      const prompt = `prompt ${promptDigest(row).toString("base64")}`;
      const group = options.group && `group ${options.group(each)}`;
      together.by(prompt, number);
      if (group) together.by(group, number);
      members.set(number, { name: group ?? prompt, stratum: options.stratify?.(each) ?? "" });
    }
    const isOneGroup = () =>
      [...members.keys()].every((row, _, [first = 0]) => together.root(row) === together.root(first));
    const wasOneGroup = isOneGroup();
    const firstOf = (await near?.finish()) ?? new Int32Array(0);
    firstOf.forEach((first, number) => {
      if (first !== number && members.has(number)) together.join(first, number);
    });
    isNearTheCause = !wasOneGroup && isOneGroup();
  } finally {
    near?.close();
  }
  const groups = groupsOf(members, together.root, options.seed);
  if (groups.length === 1) throw oneGroup(members.size, isNearTheCause);
  const chosen = (options.stratify ? sharesOfStrata : aboutShare)(groups, options.fraction);
  for (const number of someOf(groups, chosen).flatMap(({ rows }) => rows)) decisions.heldOut.add(number);
  const note = noteOf(decisions.heldOut.size, groups, options.fraction);
  if (note) decisions.notes.push(note);
  return decisions;
}

function groupsOf(members: ReadonlyMap<number, Member>, root: (row: number) => number, seed: number): Group[] {
  const rowsOf = new Map<number, number[]>();
  for (const number of members.keys()) {
    const rows = rowsOf.get(root(number));
    if (rows) rows.push(number);
    else rowsOf.set(root(number), [number]);
  }
  return [...rowsOf.values()].map((rows) => {
    const all = rows.map((number) => members.get(number) as Member);
    const name = all.reduce((least, each) => (each.name < least ? each.name : least), all[0]!.name);
    return { rows, score: unitInterval(`split ${seed}:`, sha256(name)), stratum: usualStratum(all) };
  });
}

/** Of most of the rows; of several such the first by name. */
function usualStratum(members: readonly Member[]): string {
  const counts = new Map<string, number>();
  for (const { stratum } of members) counts.set(stratum, (counts.get(stratum) ?? 0) + 1);
  return [...counts].sort(([a, rows], [b, others]) => others - rows || (a < b ? -1 : 1))[0]![0];
}

/** The groups whose scores are below the fraction, unless that misses the share by more than a quarter of it. */
function aboutShare(groups: readonly Group[], fraction: number): Group[] {
  const below = groups.filter(({ score }) => score < fraction);
  const wanted = fraction * rowsIn(groups);
  return Math.abs(rowsIn(below) - wanted) <= wanted / 4 ? below : nearestShare(groups, fraction);
}

function sharesOfStrata(groups: readonly Group[], fraction: number): Group[] {
  const strata = new Map<string, Group[]>();
  for (const group of groups) {
    const ofStratum = strata.get(group.stratum);
    if (ofStratum) ofStratum.push(group);
    else strata.set(group.stratum, [group]);
  }
  return [...strata.values()].flatMap((ofStratum) => nearestShare(ofStratum, fraction));
}

/** In random order, each group is taken that brings the held-out rows nearer to their share. */
function nearestShare(groups: readonly Group[], fraction: number): Group[] {
  const wanted = fraction * rowsIn(groups);
  let held = 0;
  return inOrder(groups).filter(({ rows }) => {
    const isNearer = Math.abs(held + rows.length - wanted) < Math.abs(held - wanted);
    if (isNearer) held += rows.length;
    return isNearer;
  });
}

/** At least one group, and never all of them. */
function someOf(groups: readonly Group[], chosen: Group[]): Group[] {
  if (chosen.length === 0) return inOrder(groups).slice(0, 1);
  return chosen.length < groups.length ? chosen : inOrder(groups).slice(0, -1);
}

function inOrder(groups: readonly Group[]): Group[] {
  return groups.toSorted((a, b) => a.score - b.score);
}

function rowsIn(groups: readonly Group[]): number {
  return groups.reduce((sum, { rows }) => sum + rows.length, 0);
}

/** What a person would not expect of the sizes; null: nothing. */
function noteOf(heldOut: number, groups: readonly Group[], fraction: number): string | null {
  const rows = rowsIn(groups);
  const wanted = fraction * rows;
  if (Math.abs(heldOut - wanted) <= Math.max(1, wanted / 2)) return null;
  const largest = Math.max(...groups.map((each) => each.rows.length));
  const percent = (share: number) => `${Number((share * 100).toFixed(1))} %`;
  return `${percent(heldOut / rows)} of the rows are held out, not ${percent(fraction)}: what belongs together makes ${groups.length} groups, the largest of ${largest} rows`;
}

function oneGroup(rows: number, isNearTheCause: boolean): FtError {
  return new FtError({
    code: "data.one-group",
    exit: "data",
    message: "no row can be held out, so nothing is written",
    why:
      rows === 1
        ? "there is one row"
        : `all ${rows} rows belong together${isNearTheCause ? ", as near duplicates of each other" : ""}`,
    next: isNearTheCause
      ? "--no-near lets near duplicates be on both sides; ft data dedupe takes them out"
      : "give rows with other prompts, or another --group",
  });
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
