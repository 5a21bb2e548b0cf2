// What came of a nightly job: all that its report, its alert and its exit code are made from.
import type { DatasetDiff } from "../../dataset/diff/diff-datasets.js";
import type { MeasuredMetric } from "../../eval/gate/measured.js";
import type { Verdict } from "../../eval/gate.js";
import type { GateRule } from "../../recipes/schema/gate.js";
import type { StoredGround } from "../gate-stored.js";

/** unchanged: there was nothing to do; kept, held: what the gate said (held also in each night in which it still says so); failed: it ended with an error. */
export type NightOutcome = "unchanged" | "promoted" | "kept" | "held" | "failed";

export const nightSteps = ["data", "training", "evaluation", "gate", "promotion", "push"] as const;
export type NightStep = (typeof nightSteps)[number];

export interface Night {
  /** Of the recipe, and the adapter line. */
  name: string;
  /** The recipe's file, absolute. */
  recipe: string;
  startedAt: number;
  endedAt: number;
  outcome: NightOutcome;
  /** Why, one sentence. */
  summary: string;
  /** Held as in the night before: nobody is told again. */
  again: boolean;
  /** When the night that was gone on with had begun; null: this one began anew. */
  continues: number | null;
  run: string | null;
  /** False: the run was there already. */
  trained: boolean;
  /** support-bot@8: what tonight's recipe and data make. */
  adapter: string | null;
  championBefore: string | null;
  champion: string | null;
  /** Tonight's training rows against those of the champion; null: nothing to compare, or with. */
  data: { before: string; diff: DatasetDiff } | null;
  /** Rows to train on. */
  rows: number | null;
  decision: (Verdict & { rule: GateRule; labels: StoredGround["labels"]; measured: MeasuredMetric[] }) | null;
  hub: { url: string; isNew: boolean } | null;
  /** How long each step took that was taken. */
  steps: { name: NightStep; seconds: number }[];
  /** The one that failed; null: none, or before the first. */
  failedIn: NightStep | null;
  failure: unknown;
  /** Sentences that a person should know. */
  notices: string[];
}

export function newNight(known: Pick<Night, "name" | "recipe" | "startedAt">): Night {
  return {
    ...known,
    endedAt: known.startedAt,
    outcome: "unchanged",
    summary: "",
    again: false,
    continues: null,
    run: null,
    trained: false,
    adapter: null,
    championBefore: null,
    champion: null,
    data: null,
    rows: null,
    decision: null,
    hub: null,
    steps: [],
    failedIn: null,
    failure: null,
    notices: [],
  };
}
