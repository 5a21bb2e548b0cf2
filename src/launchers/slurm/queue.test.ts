// What Slurm's words for a job come to.
import { expect, it } from "vitest";
import { livenessOf } from "./queue.js";

it.each([
  ["PENDING", "Priority", "queued", "Slurm job 7: PENDING (Priority)", undefined],
  ["PENDING", "PartitionTimeLimit", "queued", expect.stringContaining("will never start"), undefined],
  ["CONFIGURING", "None", "running", undefined, undefined],
  ["COMPLETING", "None", "running", undefined, undefined],
  ["COMPLETED", "None", "ended", "Slurm job 7 on n1: COMPLETED", null],
  ["TIMEOUT", "TimeLimit", "ended", "Slurm job 7 on n1: TIMEOUT (TimeLimit)", null, "time"],
  ["OUT_OF_MEMORY", "None", "ended", "Slurm job 7 on n1: OUT_OF_MEMORY", expect.stringContaining("`memory`")],
  ["CANCELLED", "None", "ended", "Slurm job 7 on n1: CANCELLED", expect.stringContaining("scancel")],
])("a job that is %s (%s) is %s", (state, reason, liveness, words, hint, limit?: string) => {
  const known = livenessOf({ id: "7", name: "ft-x-1", state, reason, nodes: "n1" });
  expect([known.liveness, known.reason, known.ending?.hint, known.limit]).toEqual([liveness, words, hint, limit]);
});
