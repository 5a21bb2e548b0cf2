// Findings in the order of the rows although some of a row's come later than others: rows wait in line for their verdict.
import type { CanonicalRow, Finding, RowPlace } from "./canonical.js";
import type { RowVerdict } from "./judge-row.js";
import type { RowJudges } from "./judge-rows.js";
import { mostCostly } from "./masks/mask-model.js";
import { type RowProblem, toFinding } from "./rules.js";

export interface FindingsInOrder {
  /** A finding that needs no verdict. */
  tell(finding: Finding): void;
  /** `others`: what other rows give this one. Waits where too many verdicts are out. */
  judge(row: CanonicalRow, place: RowPlace & { digest?: Buffer }, others: RowProblem[]): Promise<void>;
  /** All that was told and judged so far is found. */
  settle(): Promise<void>;
}

export function findingsInOrder(judges: RowJudges, found: (finding: Finding) => void): FindingsInOrder {
  let batch = emptyBatch();
  let costly = 0;
  const out: { batch: Batch; verdicts: Promise<RowVerdict[]> }[] = [];
  const send = () => {
    if (batch.line.length === 0) return;
    const verdicts = batch.rows.length > 0 ? judges.judge(batch.rows) : Promise.resolve([]);
    // Another batch may be waited for when this one fails.
    verdicts.catch(() => {});
    out.push({ batch, verdicts });
    batch = emptyBatch();
  };
  const receive = async () => {
    const { batch, verdicts } = out.shift()!;
    const verdictOf = (await verdicts)[Symbol.iterator]();
    for (const item of batch.line) {
      if ("finding" in item) {
        found(item.finding);
        continue;
      }
      const { own, tokens, isCostly } = verdictOf.next().value!;
      // A thread that found fewer costly rows goes on for longer: what it says of later rows would depend on how many threads there are.
      const asked = costly < mostCostly ? tokens : [];
      if (isCostly) costly += 1;
      for (const problem of [...own, ...item.others, ...asked]) found(toFinding(problem, item.place));
    }
  };
  return {
    tell(finding) {
      if (out.length === 0 && batch.line.length === 0) found(finding);
      else batch.line.push({ finding });
    },
    async judge(row, place, others) {
      batch.line.push({ place, others });
      batch.rows.push(row);
      batch.size += sizeOf(row);
      if (batch.rows.length < batchRows && batch.size < batchSize) return;
      send();
      while (out.length > judges.atOnce) await receive();
    },
    async settle() {
      send();
      while (out.length > 0) await receive();
    },
  };
}

const batchRows = 64;
/** UTF-16 units. */
const batchSize = 200_000;

interface Batch {
  line: ({ finding: Finding } | { place: RowPlace & { digest?: Buffer }; others: RowProblem[] })[];
  rows: CanonicalRow[];
  size: number;
}

function emptyBatch(): Batch {
  return { line: [], rows: [], size: 0 };
}

/** About. */
function sizeOf(row: CanonicalRow): number {
  if (row.kind === "text") return row.text.length;
  if (row.kind === "messages") return row.messages.reduce((sum, { content }) => sum + content.length, 0);
  return 2_000;
}
