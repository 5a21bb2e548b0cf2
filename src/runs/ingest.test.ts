// Taking in events.jsonl: whole lines once, torn lines never, whatever is repeated.
import { describe, expect, it } from "vitest";
import { eventLine as line } from "../../test/event-line.js";
import { fakeJob } from "../../test/fake-run.js";
import { emptyFolder } from "../../test/project.js";
import { openStore, type Store } from "../store/open.js";
import { eventsAfter, ingest } from "./ingest.js";
import { createRun, getRun, setHandle, stateChanges } from "./run-store.js";

const inode = 7;

function newStore(): Store {
  const store = openStore(emptyFolder());
  createRun(store, fakeJob("r"));
  return store;
}

const metric = (seq: number, step: number, attempt = 1) =>
  line(seq, { kind: "metric", step, totalSteps: 9, values: { loss: 3 } }, attempt);

function take(store: Store, offset: number, text: string): number {
  return ingest(store, "r", { inode, offset, bytes: Buffer.from(text) });
}

function seqs(store: Store): number[] {
  return eventsAfter(store, "r", { attempt: 0, seq: 0 }).map(({ seq }) => seq);
}

describe("ingest", () => {
  it("takes the same bytes in once, wherever they are repeated", () => {
    const store = newStore();
    const text = line(1, { kind: "phase", phase: "training" }) + metric(2, 1);
    expect(take(store, 0, text)).toBe(text.length);
    expect(take(store, 0, text)).toBe(0);
    expect(ingest(store, "r", { inode: 8, offset: 0, bytes: Buffer.from(text) })).toBe(text.length); // copied to another disk
    expect(seqs(store)).toEqual([1, 2]);
    expect(getRun(store, "r")).toMatchObject({ state: "running", phase: "training", step: 1, totalSteps: 9, loss: 3 });
  });

  it("lets a torn last line wait for its end", () => {
    const store = newStore();
    const [first, second] = [metric(1, 1), metric(2, 2)];
    expect(take(store, 0, first + second.slice(0, 20))).toBe(first.length);
    expect(take(store, first.length, second)).toBe(second.length);
    expect(seqs(store)).toEqual([1, 2]);
  });

  it("splits no character of more than one byte", () => {
    const store = newStore();
    const text = line(1, { kind: "warning", message: "naïve 日本 🦙" });
    const bytes = Buffer.from(text);
    const cut = bytes.indexOf(Buffer.from("🦙")) + 2;
    expect(ingest(store, "r", { inode, offset: 0, bytes: bytes.subarray(0, cut) })).toBe(0);
    ingest(store, "r", { inode, offset: 0, bytes });
    expect(eventsAfter(store, "r", { attempt: 0, seq: 0 })[0]).toMatchObject({ message: "naïve 日本 🦙" });
  });

  it("passes over lines that are no event: torn by a crash and ended later, of a newer trainer, blank", () => {
    const store = newStore();
    const text = `${metric(1, 1)}{"v":1,"attempt":1,"seq":2,"t":50\n\n${line(3, { kind: "novel" })}${metric(4, 2)}`;
    expect(take(store, 0, text)).toBe(text.length);
    expect(seqs(store)).toEqual([1, 4]);
  });

  it("ignores bytes that do not continue what is stored", () => {
    const store = newStore();
    expect(take(store, 100, metric(1, 1))).toBe(0);
    expect(seqs(store)).toEqual([]);
  });

  it("queues a preempted run again; the platform's next start goes on with it under the same handle", () => {
    const store = newStore();
    setHandle(store, getRun(store, "r"), { job: 12 });
    const first = line(1, { kind: "phase", phase: "training" }) + line(2, { kind: "stopping" });
    const preempted = line(3, { kind: "end", status: "preempted", exitCode: 33, step: 4 });
    take(store, 0, first + preempted);
    expect(getRun(store, "r")).toMatchObject({ state: "queued", exitCode: 33, endedAt: null, step: 4 });
    expect(stateChanges(store, "r").at(-1)).toMatchObject({ to: "queued", reason: "preempted; waits for a machine" });
    take(store, (first + preempted).length, line(1, { kind: "phase", phase: "training" }, 2));
    expect(getRun(store, "r")).toMatchObject({ state: "running", attempt: 2, handle: { job: 12 }, exitCode: null });
  });

  it("takes the end over: state, exit code, time, even when times are no whole milliseconds", () => {
    const store = newStore();
    const end = { kind: "end", status: "failed", exitCode: 12, t: 6000.5 };
    take(
      store,
      0,
      line(1, { kind: "error", class: "nan-loss", message: "loss is NaN", hint: "lower it" }) + line(2, end),
    );
    expect(getRun(store, "r")).toMatchObject({
      state: "failed",
      exitCode: 12,
      endedAt: 6001,
      failure: { class: "nan-loss", message: "loss is NaN", hint: "lower it" },
    });
  });

  it("a newer attempt begins on a clean slate, also when nobody saw the one before it end; its late events change nothing", () => {
    const store = newStore();
    const text =
      line(1, { kind: "phase", phase: "training" }) +
      line(2, { kind: "error", class: "data", message: "bad row" }) +
      line(1, { kind: "phase", phase: "loading" }, 2) +
      metric(3, 8);
    take(store, 0, text);
    expect(getRun(store, "r")).toMatchObject({
      attempt: 2,
      state: "running",
      phase: "loading",
      failure: null,
      step: null,
    });
    expect(seqs(store)).toEqual([1, 2, 3, 1]);
  });

  it("a later attempt (ft eval) does not undo that a run succeeded", () => {
    const store = newStore();
    const end = (status: string, attempt: number) => line(2, { kind: "end", status, exitCode: 0 }, attempt);
    take(store, 0, line(1, { kind: "phase", phase: "training" }) + end("succeeded", 1) + end("failed", 2));
    expect(getRun(store, "r")).toMatchObject({ state: "succeeded", attempt: 1, exitCode: 0 });
  });
});
