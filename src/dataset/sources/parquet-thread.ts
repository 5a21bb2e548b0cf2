// The thread that decodes Parquet (parquet-worker.ts), as functions: started with the first file, ended a moment after the last one.
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { packageRoot } from "../../paths.js";
import type { ParquetAnswer, ParquetRequest, RowGroup } from "./parquet-worker.js";

export interface ParquetReader {
  groups: RowGroup[];
  /** An Arrow stream of some rows of a row group. @throws Error with the reader's words */
  rows(range: { group: number; offset: number; limit: number }): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Several files may be open at once. @throws Error with the reader's words */
export async function openParquet(fd: number, size: number): Promise<ParquetReader> {
  const thread = running ?? startThread();
  const file = nextFile++;
  thread.open += 1;
  const close = async () => {
    await thread.ask({ ask: "close", file }).catch(() => undefined); // a thread that died holds nothing
    thread.open -= 1;
    if (thread.open === 0) endLater(thread);
  };
  try {
    const { groups } = await thread.ask<{ groups: RowGroup[] }>({ ask: "open", file, fd, size });
    const rows: ParquetReader["rows"] = async (range) =>
      (await thread.ask<{ stream: Uint8Array }>({ ask: "rows", file, ...range })).stream;
    return { groups, rows, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Thread {
  worker: Worker;
  /** Files that it has open. */
  open: number;
  ask<Answer>(request: ParquetRequest): Promise<Answer>;
}

let running: Thread | null = null;
let nextFile = 1;

/** Built code also where this runs from src/, in tests: a thread has no compiler. */
const workerFile = join(packageRoot, "dist/dataset/sources/parquet-worker.js");

function startThread(): Thread {
  const worker = new Worker(workerFile);
  worker.unref();
  /** One question a file at a time. */
  const waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
  let death: Error | null = null;
  worker.on("message", (answer: ParquetAnswer) => {
    const asker = waiting.get(answer.file);
    waiting.delete(answer.file);
    if (waiting.size === 0) worker.unref();
    if ("error" in answer) asker?.reject(new Error(answer.error));
    else asker?.resolve(answer as never);
  });
  worker.on("error", (error: Error) => {
    death = error;
    if (running === thread) running = null;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  });
  const thread: Thread = {
    worker,
    open: 0,
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (death) return reject(death);
        waiting.set(request.file, { resolve, reject });
        worker.ref(); // ft does not end while it waits
        worker.postMessage(request);
      }),
  };
  running = thread;
  return thread;
}

const idleMs = 2_000;

/** Its memory goes back with it. */
function endLater(thread: Thread): void {
  setTimeout(() => {
    if (thread.open > 0) return;
    if (running === thread) running = null;
    void thread.worker.terminate();
  }, idleMs).unref();
}
