// Judges rows here, or in threads when there is much to judge: the verdicts are the same, and come in the order of the rows.
import { availableParallelism, freemem } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { packageRoot } from "../paths.js";
import type { CanonicalRow, Finding, RowPlace } from "./canonical.js";
import type { CheckModel } from "./check-dataset.js";
import { packed } from "./json/between-threads.js";
import { type RowVerdict, rowJudge } from "./judge-row.js";
import type { JudgeAnswer, JudgeRequest } from "./judge-worker.js";
import type { TokensSeen } from "./token-rules.js";

export interface RowJudges {
  /** How many questions are worth asking before the first is answered. */
  atOnce: number;
  judge(rows: CanonicalRow[]): Promise<RowVerdict[]>;
  finish(first: RowPlace): Promise<Finding[]>;
  close(): Promise<void>;
}

/** Starting a thread and loading the tokenizer once more takes as long as judging this many bytes. */
const fewBytes = 8_000_000;
/** A thread's share: heap and a large vocabulary. */
const threadBytes = 768_000_000;

/** @param bytes of all rows, about. @throws FtError model.*, template.invalid */
export async function rowJudges(model: CheckModel | null, bytes: number): Promise<RowJudges> {
  const most = Math.min(availableParallelism(), 8, Math.floor(freemem() / threadBytes), Math.ceil(bytes / fewBytes));
  return bytes > fewBytes && most > 1 ? await judgesInThreads(model, most) : await judgesHere(model);
}

export async function judgesHere(model: CheckModel | null): Promise<RowJudges> {
  const judge = await rowJudge(model);
  let number = 0;
  return {
    atOnce: 1,
    judge: async (rows) => rows.map((row) => judge.judge(row, number++)),
    finish: async (first) =>
      judge.finish(
        [judge.seen()].filter((seen) => seen !== null),
        first,
      ),
    close: async () => {},
  };
}

export async function judgesInThreads(model: CheckModel | null, count: number): Promise<RowJudges> {
  const threads = Array.from({ length: count }, () => startThread(model));
  const loaded = await Promise.all(threads.map((thread) => thread.ready));
  if (!loaded.every(Boolean)) {
    await Promise.all(threads.map((thread) => thread.close()));
    // What keeps a thread from starting is told best by what happens here.
    return await judgesHere(model);
  }
  let number = 0;
  return {
    atOnce: count * 2,
    async judge(rows) {
      const [idlest] = threads.toSorted((a, b) => a.waiting() - b.waiting());
      const first = number;
      number += rows.length;
      return (await idlest!.ask({ ask: "judge", rows: packed(rows), first })) as RowVerdict[];
    },
    async finish(first) {
      const seen = (await Promise.all(threads.map((thread) => thread.ask({ ask: "seen" })))) as (TokensSeen | null)[];
      return (await threads[0]!.ask({ ask: "finish", seen: seen.filter((each) => each !== null), first })) as Finding[];
    },
    close: async () => {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

interface JudgeThread {
  /** False: it could not load the model. */
  ready: Promise<boolean>;
  ask(request: JudgeRequest): Promise<unknown>;
  waiting(): number;
  close(): Promise<unknown>;
}

/** Built code also where this runs from src/, in tests: a thread has no compiler. */
const workerFile = join(packageRoot, "dist/dataset/judge-worker.js");

function startThread(model: CheckModel | null): JudgeThread {
  const worker = new Worker(workerFile, { workerData: model });
  /** It answers in the order asked; its first answer says whether it is ready. */
  const waiting: { resolve: (answer: unknown) => void; reject: (error: unknown) => void }[] = [];
  const answered = () => new Promise<unknown>((resolve, reject) => waiting.push({ resolve, reject }));
  const ready = answered().catch(() => false) as Promise<boolean>;
  worker.on("message", (answer: JudgeAnswer) => {
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
