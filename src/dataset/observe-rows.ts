// Observes rows here, or in threads when there is much to observe: the same is seen of them.
import { availableParallelism, freemem } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { packageRoot } from "../paths.js";
import type { Finding, RowPlace } from "./canonical.js";
import { packed } from "./json/between-threads.js";
import type { RangeInput, RangeRows } from "./observe-range.js";
import { type ObservedRows, type ObserverInput, observeAll, type RowBatch, rowObserver } from "./observe-row.js";
import type { ObserverAnswer, ObserverRequest } from "./observe-worker.js";
import type { TokensSeen } from "./token-rules.js";

export interface RowObservers {
  /** How many questions are worth asking before the first is answered. */
  atOnce: number;
  observe(batch: RowBatch): Promise<ObservedRows>;
  /** Reads a stretch of a file and observes its rows; null: it is as well to read it here. */
  observeRange: ((input: RangeInput) => Promise<RangeRows>) | null;
  finish(first: RowPlace): Promise<Finding[]>;
  close(): Promise<void>;
}

/** A thread loads all modules and the tokenizer once more: in that time so many bytes are observed without it, about. */
const fewBytes = 32_000_000;
/** A thread's share: its heap, and with a model a large vocabulary. */
const threadBytes = { plain: 256_000_000, model: 768_000_000 };

/** @param bytes of all rows, about. @throws FtError model.*, template.invalid */
export async function rowObservers(input: ObserverInput, bytes: number): Promise<RowObservers> {
  const share = input.model ? threadBytes.model : threadBytes.plain;
  const most = Math.min(availableParallelism(), 8, Math.floor(freemem() / share), Math.ceil(bytes / fewBytes));
  return bytes > fewBytes && most > 1 ? await observersInThreads(input, most) : await observersHere(input);
}

export async function observersHere(input: ObserverInput): Promise<RowObservers> {
  const observer = await rowObserver(input);
  return {
    atOnce: 1,
    observe: async (batch) => observeAll(observer, batch),
    observeRange: null,
    finish: async (first) =>
      observer.finish(
        [observer.seen()].filter((seen) => seen !== null),
        first,
      ),
    close: async () => {},
  };
}

export async function observersInThreads(input: ObserverInput, count: number): Promise<RowObservers> {
  const threads = Array.from({ length: count }, () => startThread(input));
  const loaded = await Promise.all(threads.map((thread) => thread.ready));
  if (!loaded.every(Boolean)) {
    await Promise.all(threads.map((thread) => thread.close()));
    // What keeps a thread from starting is told best by what happens here.
    return await observersHere(input);
  }
  const idlest = () => threads.reduce((least, each) => (each.waiting() < least.waiting() ? each : least));
  return {
    atOnce: count * 2,
    observe: async (batch) =>
      (await idlest().ask({ ask: "observe", batch: { ...batch, rows: packed(batch.rows) } })) as ObservedRows,
    observeRange: async (range) => (await idlest().ask({ ask: "range", range })) as RangeRows,
    async finish(first) {
      const seen = (await Promise.all(threads.map((thread) => thread.ask({ ask: "seen" })))) as (TokensSeen | null)[];
      return (await threads[0]!.ask({ ask: "finish", seen: seen.filter((each) => each !== null), first })) as Finding[];
    },
    close: async () => {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

interface ObserverThread {
  /** False: it could not load the model. */
  ready: Promise<boolean>;
  ask(request: ObserverRequest): Promise<unknown>;
  waiting(): number;
  close(): Promise<unknown>;
}

/** Built code also where this runs from src/, in tests: a thread has no compiler. */
const workerFile = join(packageRoot, "dist/dataset/observe-worker.js");

function startThread(input: ObserverInput): ObserverThread {
  // What is made of a row dies at once: a larger nursery would only make the process larger.
  const worker = new Worker(workerFile, { workerData: input, resourceLimits: { maxYoungGenerationSizeMb: 16 } });
  /** It answers in the order asked; its first answer says whether it is ready. */
  const waiting: { resolve: (answer: unknown) => void; reject: (error: unknown) => void }[] = [];
  const answered = () => new Promise<unknown>((resolve, reject) => waiting.push({ resolve, reject }));
  const ready = answered().catch(() => false) as Promise<boolean>;
  worker.on("message", (answer: ObserverAnswer) => {
    const asker = waiting.shift();
    if ("error" in answer) asker?.reject(answer.error);
    else asker?.resolve(answer.value);
  });
  worker.on("error", (error) => {
    for (const { reject } of waiting.splice(0)) reject(error);
  });
  return {
    ready,
    ask(request) {
      worker.postMessage(request);
      return answered();
    },
    waiting: () => waiting.length,
    close: () => worker.terminate(),
  };
}
