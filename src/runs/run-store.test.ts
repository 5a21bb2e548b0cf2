// Runs in a real store: the only way states change, and what a person may type for a run.
import { describe, expect, it } from "vitest";
import { fakeJob } from "../../test/fake-run.js";
import { emptyFolder } from "../../test/project.js";
import { targetSchema } from "../recipes/schema/targets.js";
import { openStore } from "../store/open.js";
import { newRunId } from "./run-id.js";
import {
  beginAttempt,
  createRun,
  findRun,
  getRun,
  listRuns,
  resumeAttempt,
  setFailure,
  setHandle,
  stateChanges,
  transition,
} from "./run-store.js";

function storeWith(...ids: string[]) {
  const store = openStore(emptyFolder());
  for (const [index, id] of ids.entries()) createRun(store, fakeJob(id, 1000 + index));
  return store;
}

describe("transition", () => {
  it("moves along the edges, and writes down when and why", () => {
    const store = storeWith("a");
    transition(store, "a", "preparing", 2000);
    transition(store, "a", "running", 3000);
    transition(store, "a", "failed", 4000, "out of memory");
    expect(getRun(store, "a")).toMatchObject({ state: "failed", startedAt: 3000, endedAt: 4000 });
    expect(stateChanges(store, "a").map(({ to, at, reason }) => [to, at, reason])).toEqual([
      ["queued", 1000, null],
      ["preparing", 2000, null],
      ["running", 3000, null],
      ["failed", 4000, "out of memory"],
    ]);
  });

  it("throws on a move that there is not, and changes nothing", () => {
    const store = storeWith("a");
    transition(store, "a", "preparing", 2000);
    transition(store, "a", "succeeded", 3000);
    expect(() => transition(store, "a", "running", 4000)).toThrow("cannot go from succeeded to running");
    expect(getRun(store, "a").state).toBe("succeeded");
    expect(stateChanges(store, "a")).toHaveLength(3);
  });

  it("to the present state is no move", () => {
    const store = storeWith("a");
    transition(store, "a", "queued", 2000);
    expect(stateChanges(store, "a")).toHaveLength(1);
  });
});

describe("beginAttempt", () => {
  it("wipes what the attempt before it left: failure, end, exit code", () => {
    const store = storeWith("a");
    setFailure(store, "a", { class: "killed", message: "gone", hint: null });
    transition(store, "a", "failed", 2000);
    beginAttempt(store, "a", 2, 3000);
    expect(getRun(store, "a")).toMatchObject({ state: "preparing", attempt: 2, failure: null, endedAt: null });
  });
});

describe("resumeAttempt", () => {
  const elsewhere = { name: "box", settings: targetSchema.parse({ launcher: "docker" }) };

  it("of two at once the second one changes nothing, least of all where the run is", () => {
    const store = storeWith("a");
    transition(store, "a", "failed", 2000);
    expect(resumeAttempt(store, "a", 2, 3000, { name: "local", settings: { launcher: "local" } })).toBe(true);
    setHandle(store, getRun(store, "a"), { pid: 1 });
    expect(resumeAttempt(store, "a", 2, 3001, elsewhere)).toBe(false);
    transition(store, "a", "running", 4000);
    expect(resumeAttempt(store, "a", 2, 4001, elsewhere)).toBe(false);
    expect(getRun(store, "a")).toMatchObject({
      launcher: "local",
      target: "local",
      handle: { pid: 1 },
      state: "running",
    });
  });

  it("may go on elsewhere", () => {
    const store = storeWith("a");
    transition(store, "a", "lost", 2000);
    expect(resumeAttempt(store, "a", 2, 3000, elsewhere)).toBe(true);
    expect(getRun(store, "a")).toMatchObject({ launcher: "docker", target: "box", attempt: 2, state: "preparing" });
  });

  it("elsewhere leaves no place for a handle of where the run was", () => {
    const store = storeWith("a");
    const before = getRun(store, "a");
    transition(store, "a", "lost", 2000);
    resumeAttempt(store, "a", 2, 3000, elsewhere);
    setHandle(store, before, { pid: 1 });
    expect(getRun(store, "a").handle).toBeNull();
    setHandle(store, getRun(store, "a"), { container: "c" });
    expect(getRun(store, "a").handle).toEqual({ container: "c" });
  });
});

describe("findRun", () => {
  const store = storeWith("20260101-120000-aaaa", "20260101-130000-bbbb", "20260202-120000-aabb");

  it.each([
    ["last", "20260202-120000-aabb"],
    ["20260101-120000-aaaa", "20260101-120000-aaaa"],
    ["202602", "20260202-120000-aabb"],
    ["bbbb", "20260101-130000-bbbb"],
  ])("%s means %s", (asked, id) => {
    expect(findRun(store, asked).id).toBe(id);
  });

  it("names all runs that a short id may mean", () => {
    expect(() => findRun(store, "20260101")).toThrow(
      expect.objectContaining({
        code: "run.ambiguous",
        exit: "usage",
        message: expect.stringMatching(/aaaa.*bbbb|bbbb.*aaaa/),
      }),
    );
  });

  it("suggests the nearest for one that there is not", () => {
    expect(() => findRun(store, "20260101-120000-aaab")).toThrow(
      expect.objectContaining({ code: "run.unknown", next: expect.stringContaining("20260101-120000-aaaa") }),
    );
  });

  it("says so where there are no runs at all", () => {
    expect(() => findRun(null, "last")).toThrow(expect.objectContaining({ code: "run.unknown" }));
  });
});

it("lists the newest run first", () => {
  expect(listRuns(storeWith("a", "b", "c")).map(({ id }) => id)).toEqual(["c", "b", "a"]);
});

it("run ids sort by time", () => {
  expect(newRunId(Date.UTC(2026, 10, 23, 13, 45, 1), 0)).toBe("20261123-134501-0000");
  expect(newRunId(0, 0.999999999)).toMatch(/-zzzz$/);
});
