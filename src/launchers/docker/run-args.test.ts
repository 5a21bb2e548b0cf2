// The command line of a container, for what no test here can have: GPUs, podman, machines without root.
import { expect, it } from "vitest";
import { targetSchema } from "../../recipes/schema/targets.js";
import { livenessOf } from "./container.js";
import { type RunFacts, runArgs } from "./run-args.js";

function text(target: object, facts: Partial<RunFacts> = {}): string {
  const settings = targetSchema.parse({ launcher: "docker", image: "img", ...target }) as RunFacts["target"];
  const ids = { user: "1000:1000", isRootless: false, args: [] };
  const run = { run: "r1", attempt: 2, project: "bot", gpus: 0, image: "img", ids, mounts: [], env: {}, args: [] };
  return runArgs({ ...run, target: settings, ...facts }).join(" ");
}

it("gives a container the GPUs that the target allows, by index or all, and lifts memlock for them", () => {
  expect(text({}, { gpus: 2 })).toMatch(/--ulimit memlock=-1:-1 --gpus all /);
  expect(text({ gpus: [0, 3] }, { gpus: 1 })).toContain('--gpus "device=0,3" ');
  expect(text({ runtime: "podman", gpus: [0, 3] }, { gpus: 1 })).toContain(
    "--device nvidia.com/gpu=0 --device nvidia.com/gpu=3 ",
  );
  expect(text({ runtime: "podman" }, { gpus: 1 })).toContain("--device nvidia.com/gpu=all ");
  expect(text({})).not.toMatch(/gpu|memlock/);
});

it("cannot lift limits without root, and is root inside then, which is the person outside", () => {
  const args = text({}, { gpus: 1, ids: { user: "0:0", isRootless: true, args: [] } });
  expect(args).not.toContain("memlock");
  expect(args).toContain("--user 0:0 ");
});

it("names container and labels by run and attempt, and gives shared memory, limits and network as asked", () => {
  expect(text({})).toMatch(/--name ft-r1-2 --label ft.run=r1 --label ft.attempt=2 --label ft.project=bot /);
  expect(text({})).toContain("--ipc host ");
  expect(text({ shm: "16g", memory: "64g", network: "host" })).toMatch(
    /--shm-size 16g --memory 64g --memory-swap 64g --network host /,
  );
});

it("mounts paths with commas and quotes as they are", () => {
  const mounts = [{ source: '/a,b "c"', target: "/job", isReadOnly: true }];
  expect(text({}, { mounts })).toContain('--mount type=bind,"source=/a,b ""c""",target=/job,readonly ');
});

it.each([
  ["running", {}, "running", undefined],
  ["created", {}, "queued", "its container is about to start"],
  ["created", { createdAt: 0 }, "gone", "its container was made, but never started"],
  ["exited", { exitCode: 0 }, "ended", "its container ended with exit code 0"],
  ["exited", { exitCode: 137 }, "ended", "its container ended with exit code 137, which is SIGKILL"],
  ["exited", { exitCode: 137, outOfMemory: true }, "ended", "the kernel ended it, as its container had no more memory"],
])("a container that is %s %o is %s", (status, more, liveness, reason) => {
  const container = { status, exitCode: 0, outOfMemory: false, error: "", createdAt: 100_000, ...more };
  const found = livenessOf(container, 120_000);
  expect([found.liveness, found.reason]).toEqual([liveness, reason]);
});
