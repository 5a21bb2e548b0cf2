// A random part of the rows: so many, so many tokens, or the same number of each group.
import type { CanonicalRow } from "../canonical.js";
import { looseDigest } from "../canonical-key.js";
import type { DatasetSource } from "../dataset-facts.js";
import { unitInterval } from "../held-out.js";
import { curateRows, type KeyOf, type ProgressOfFile } from "./curate-rows.js";
import { type Decisions, isUsable, noDecisions } from "./decisions.js";

export interface SampleOptions {
  /** At most so many; left out: as many as there are. */
  rows?: number;
  /** At most so many tokens together, as `tokensOf` counts them. */
  tokens?: number;
  tokensOf?: (row: CanonicalRow) => number;
  /** Each group gets equally many rows: those of the smallest, unless `rows` asks for fewer. */
  balance?: KeyOf;
  seed: number;
}

interface Candidate {
  number: number;
  rank: number;
  group: string;
  tokens: number;
}

/** Deterministic for a seed; the rows stay in the order of their files. */
export async function sample(
  source: DatasetSource,
  options: SampleOptions,
  onBytes?: ProgressOfFile,
): Promise<Decisions> {
  const decisions = noDecisions();
  const candidates: Candidate[] = [];
  for await (const each of curateRows(source, onBytes)) {
    if (!isUsable(each, decisions)) continue;
    candidates.push({
      number: each.number,
      rank: unitInterval(`sample ${options.seed}:`, looseDigest(each.row)),
      group: options.balance?.(each) ?? "",
      tokens: options.tokens === undefined ? 0 : (options.tokensOf?.(each.row) ?? 0),
    });
  }
  candidates.sort((a, b) => a.rank - b.rank || a.number - b.number);
  const share = options.balance ? balancedShare(candidates, options.rows) : Number.POSITIVE_INFINITY;
  const taken = { rows: 0, tokens: 0, ofGroup: new Map<string, number>() };
  for (const { number, group, tokens } of candidates) {
    const ofGroup = taken.ofGroup.get(group) ?? 0;
    const reason = whyNot({ ...taken, ofGroup, share, nextTokens: tokens }, options);
    if (reason) {
      decisions.drops.set(number, { reason });
      continue;
    }
    taken.rows += 1;
    taken.tokens += tokens;
    taken.ofGroup.set(group, ofGroup + 1);
  }
  return decisions;
}

/** Rows that each group gets. */
function balancedShare(candidates: Candidate[], rows: number | undefined): number {
  const sizes = new Map<string, number>();
  for (const { group } of candidates) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const smallest = Math.min(...sizes.values());
  return rows === undefined ? smallest : Math.min(smallest, Math.floor(rows / sizes.size));
}

interface Taken {
  rows: number;
  tokens: number;
  ofGroup: number;
  share: number;
  nextTokens: number;
}

function whyNot(taken: Taken, { rows, tokens }: SampleOptions): string | null {
  if (taken.ofGroup >= taken.share) return "its group has its share";
  if (rows !== undefined && taken.rows >= rows) return "enough rows";
  if (tokens !== undefined && taken.tokens + taken.nextTokens > tokens) return "beyond the token budget";
  return null;
}
