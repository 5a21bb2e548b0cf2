// What a Job's own conditions and its pods come to.
import { expect, it } from "vitest";
import { objectSchema, stateOf } from "./state.js";

function job(reason: string, message: string, type = "Failed") {
  const conditions = [{ type, status: "True", reason, message }];
  return objectSchema.parse({ kind: "Job", metadata: { name: "ft-x-1", uid: "1" }, status: { conditions } });
}

function pod(status: object) {
  return objectSchema.parse({ kind: "Pod", metadata: { name: "ft-x-1-abcde", uid: "2" }, status });
}

function ended(exitCode: number, reason: string, message?: string) {
  return pod({ phase: "Failed", containerStatuses: [{ state: { terminated: { exitCode, reason, message } } }] });
}

it("a Job whose activeDeadlineSeconds are over has reached its time limit, with the key that sets it; another failure has not", () => {
  const late = stateOf(job("DeadlineExceeded", "Job was active longer than specified deadline"), []);
  expect(late).toMatchObject({
    ...{ liveness: "ended", limit: "max_hours" },
    reason: "DeadlineExceeded: Job was active longer than specified deadline",
  });
  expect(stateOf(job("PodFailurePolicy", "exit code 1"), [])).not.toHaveProperty("limit");
});

it.each([
  [ended(137, "OOMKilled"), "out-of-memory", /memory_gb/],
  [ended(137, "Error"), "killed", /null/],
  [ended(128, "StartError", 'exec: "python3": executable file not found in $PATH'), "dependency", /`image`/],
  [ended(1, "Error"), "unknown", /null/],
])("of a pod that ended the kubelet's words say more than the Job's", (one, kind, hint) => {
  const { ending } = stateOf(job("PodFailurePolicy", "Container trainer failed"), [one]);
  expect([ending?.class, String(ending?.hint)]).toEqual([kind, expect.stringMatching(hint)]);
});

it("a pod that was put off its node says why, while the next one is not there", () => {
  const evicted = pod({ phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory." });
  const open = objectSchema.parse({ kind: "Job", metadata: { name: "ft-x-1", uid: "1" } });
  expect(stateOf(open, [evicted])).toEqual({
    ...{ liveness: "queued", reason: "Evicted: The node was low on resource: memory." },
  });
  expect(stateOf(open, [evicted, pod({ phase: "Running" })])).toEqual({ liveness: "running" });
});

it("a Job whose pods were put off their nodes as often as they may be says so, with what took the last one", () => {
  const spent = job("BackoffLimitExceeded", "Job has reached the specified backoff limit");
  const evicted = pod({ phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory." });
  expect(stateOf(spent, [ended(33, "Error"), evicted])).toMatchObject({
    liveness: "ended",
    reason: expect.stringMatching(
      /again and again.*Evicted: The node was low on resource: memory\. \(BackoffLimitExceeded/,
    ),
    ending: { class: "killed", hint: expect.stringContaining("memory_gb") },
  });
  const preempted = {
    type: "DisruptionTarget",
    status: "True",
    reason: "PreemptionByScheduler",
    message: "by a higher one",
  };
  expect(stateOf(spent, [pod({ phase: "Failed", conditions: [preempted] })]).reason).toContain("PreemptionByScheduler");
});

it("a Job that nobody knows any more was deleted, unless a pod of it is still there", () => {
  expect(stateOf(null, [])).toMatchObject({ liveness: "gone", ending: { class: "unknown" } });
  expect(stateOf(null, [pod({ phase: "Running" })])).toEqual({ liveness: "running" });
});
