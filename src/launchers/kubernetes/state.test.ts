// What a Job's own conditions come to.
import { expect, it } from "vitest";
import { objectSchema, stateOf } from "./state.js";

function jobThatFailed(reason: string, message: string) {
  const conditions = [{ type: "Failed", status: "True", reason, message }];
  return objectSchema.parse({ kind: "Job", metadata: { name: "ft-x-1", uid: "1" }, status: { conditions } });
}

it("a Job whose activeDeadlineSeconds are over has reached its time limit, with the key that sets it; another failure has not", () => {
  const late = stateOf(jobThatFailed("DeadlineExceeded", "Job was active longer than specified deadline"), []);
  expect(late).toMatchObject({
    ...{ liveness: "ended", limit: "max_hours" },
    reason: "DeadlineExceeded: Job was active longer than specified deadline",
  });
  expect(stateOf(jobThatFailed("PodFailurePolicy", "exit code 1"), [])).not.toHaveProperty("limit");
});
