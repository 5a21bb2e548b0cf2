// A thread that judges rows: loads the model once, then answers each request in turn.
import { parentPort, workerData } from "node:worker_threads";
import type { CanonicalRow, RowPlace } from "./canonical.js";
import { unpacked } from "./json/between-threads.js";
import { rowJudge } from "./judge-row.js";
import type { TokensSeen } from "./token-rules.js";

export type JudgeRequest =
  /** `rows`: packed. */
  | { ask: "judge"; rows: CanonicalRow[]; first: number }
  | { ask: "seen" }
  | { ask: "finish"; seen: TokensSeen[]; first: RowPlace };

export type JudgeAnswer = { value: unknown } | { error: unknown };

const judge = await rowJudge(workerData);
parentPort!.on("message", (request: JudgeRequest) => {
  try {
    parentPort!.postMessage({ value: answerTo(request) } satisfies JudgeAnswer);
  } catch (error) {
    parentPort!.postMessage({ error } satisfies JudgeAnswer);
  }
});
parentPort!.postMessage({ value: true } satisfies JudgeAnswer);

function answerTo(request: JudgeRequest): unknown {
  if (request.ask === "seen") return judge.seen();
  if (request.ask === "finish") return judge.finish(request.seen, request.first);
  return unpacked(request.rows).map((row, at) => judge.judge(row, request.first + at));
}
