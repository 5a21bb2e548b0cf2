// A thread that observes rows: loads the model once, then answers each request in turn.
import { parentPort, workerData } from "node:worker_threads";
import type { RowPlace } from "./canonical.js";
import { unpacked } from "./json/between-threads.js";
import { observeRange, type RangeInput } from "./observe-range.js";
import { observeAll, type RowBatch, rowObserver } from "./observe-row.js";
import type { TokensSeen } from "./token-rules.js";

export type ObserverRequest =
  /** Its rows: packed. */
  | { ask: "observe"; batch: RowBatch }
  | { ask: "range"; range: RangeInput }
  | { ask: "seen" }
  | { ask: "finish"; seen: TokensSeen[]; first: RowPlace };

export type ObserverAnswer = { value: unknown } | { error: unknown };

const observer = await rowObserver(workerData);
let before: Promise<unknown> = Promise.resolve();
parentPort!.on("message", (request: ObserverRequest) => {
  // One after the other: a range is read while others wait.
  before = before
    .then(() => answerTo(request))
    .then(
      (value) => parentPort!.postMessage({ value } satisfies ObserverAnswer),
      (error) => parentPort!.postMessage({ error } satisfies ObserverAnswer),
    );
});
parentPort!.postMessage({ value: true } satisfies ObserverAnswer);

async function answerTo(request: ObserverRequest): Promise<unknown> {
  switch (request.ask) {
    case "seen":
      return observer.seen();
    case "finish":
      return observer.finish(request.seen, request.first);
    case "range":
      return await observeRange(observer, request.range);
    case "observe":
      return observeAll(observer, { ...request.batch, rows: unpacked(request.batch.rows) });
  }
}
