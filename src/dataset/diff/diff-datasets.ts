// What changed between two datasets: rows added, removed and changed with examples, and which distributions moved.
import type { CanonicalRow, RowPlace } from "../canonical.js";
import { promptDigest, sha256 } from "../canonical-key.js";
import { type KeyOf, keyOf } from "../curate/curate-rows.js";
import { filesOf } from "../dataset-facts.js";
import { readRows } from "../read-rows.js";
import { maskText } from "../rules/mask-text.js";
import { collectStats, type StatsInput } from "../stats/collect-stats.js";
import { promptAndAnswer, textsOf } from "../stats/row-parts.js";
import { compareStats } from "./compare-stats.js";
import { matchRows } from "./match-rows.js";
import { rowList } from "./row-list.js";

export type DatasetDiff = Awaited<ReturnType<typeof diffDatasets>>;

/** A row as it is shown, with where it is. */
export interface RowExample {
  place: RowPlace;
  /** Its texts, one after the other; personal data and secrets in them masked. */
  text: string;
}

/** Rows shown of each kind of change. */
const examplesShown = 5;

/**
 * @param key column that names a row (keyOf of curate-rows.ts): rows under one key are the same row. Left out: rows with one prompt are.
 * @throws FtError data.* (exit data) when a file cannot be read at all or is empty; model.* when the tokenizer cannot be loaded; usage.key
 * when a row lacks the key
 */
export async function diffDatasets(before: StatsInput, after: StatsInput, key?: string) {
  const read = key === undefined ? null : keyOf(key);
  const old = await readSide(before, read);
  const fresh = await readSide(after, read);
  const match = matchRows(old.list, fresh.list);
  const changed = match.changed.slice(0, examplesShown);
  const oldPlaces = [...changed.map(([row]) => row), ...match.removed.slice(0, examplesShown)].map(old.list.place);
  const newPlaces = [...changed.map(([, row]) => row), ...match.added.slice(0, examplesShown)].map(fresh.list.place);
  const [oldRows, newRows] = [await readPlaces(before, oldPlaces), await readPlaces(after, newPlaces)];
  return {
    ...(key !== undefined && { key }),
    rows: {
      before: old.list.count(),
      after: fresh.list.count(),
      unchanged: match.unchanged,
      changed: match.changed.length,
      added: match.added.length,
      removed: match.removed.length,
    },
    unusable: { before: unusable(old.pass), after: unusable(fresh.pass) },
    examples: {
      changed: changed.map((_, index) => ({ before: oldRows[index]!, after: newRows[index]! })),
      removed: oldRows.slice(changed.length),
      added: newRows.slice(changed.length),
    },
    drift: compareStats(old.pass, fresh.pass),
  };
}

async function readSide(input: StatsInput, keyed: KeyOf | null) {
  const list = rowList();
  const pass = await collectStats({
    ...input,
    onRow(row, place, exact, value) {
      if (!keyed) return list.add({ exact, prompt: promptKey(row), place });
      const key = sha256(keyed({ number: 0, place, value, row, fault: null, unused: () => [] }));
      list.add({ exact: sha256(Buffer.concat([key, exact])), prompt: key, place });
    },
  });
  return { list, pass };
}

/** What a row answers: the same for all answers to it, but for case and spaces. Plain text answers nothing, a prompt alone is whole. */
function promptKey(row: CanonicalRow): Buffer | null {
  const { prompt } = promptAndAnswer(row);
  return prompt.length === 0 ? null : promptDigest({ kind: "prompt", prompt, columns: {} });
}

function unusable({ rows }: { rows: { read: number; usable: number } }): number {
  return rows.read - rows.usable;
}

/** The rows at these places, in this order; each file is read once, as far as it is needed. */
async function readPlaces(input: StatsInput, places: RowPlace[]): Promise<RowExample[]> {
  const found = new Map<string, RowExample>();
  const keyOf = ({ file, line }: RowPlace) => `${line} ${file}`;
  for (const file of filesOf(input, "train")) {
    const wanted = new Set(places.filter((place) => place.file === file.name).map(({ line }) => line));
    if (wanted.size === 0) continue;
    for await (const { place, row } of readRows({ ...file, report: () => {} })) {
      if (!row || !wanted.delete(place.line)) continue;
      found.set(keyOf(place), { place, text: maskText(textsOf(row).join(" ⏵ ")) });
      if (wanted.size === 0) break;
    }
  }
  return places.flatMap((place) => found.get(keyOf(place)) ?? []);
}
