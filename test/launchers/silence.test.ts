// A link that is cut while someone watches: said within seconds, long before ssh gives up, and taken back when it is mended.
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { sshLauncher } from "../../src/launchers/ssh/index.js";
import { followRun } from "../../src/pipeline/follow.js";
import { submitAttempt } from "../../src/pipeline/submit.js";
import { targetSchema } from "../../src/recipes/schema/targets.js";
import { createRun, getRun } from "../../src/runs/run-store.js";
import type { RunUpdate } from "../../src/runs/update.js";
import { openStore } from "../../src/store/open.js";
import { fakeRun, until } from "../fake-run.js";
import { ft } from "../project.js";
import { type Sshd, startSshd } from "../services/sshd.js";

let sshd: Sshd | null = null;

beforeAll(async () => {
  sshd = await startSshd();
}, 60_000);

afterAll(() => sshd?.stop());

it("no news is told soon, with since when, and later why; then that the machine answers again", {
  timeout: 180_000,
}, async ({ skip }) => {
  if (!sshd) return skip();
  const at = { host: sshd.alias, config: sshd.configFile };
  const settings = targetSchema.parse({ launcher: "ssh", at, dir: join(sshd.home, "ft-jobs") });
  const run = fakeRun("hang", { target: { name: "gpu-box", settings } });
  const store = openStore(run.projectDir);
  createRun(store, { ...run.job, createdAt: Date.now() });
  const context = { env: run.submission.env, now: Date.now, onProgress: () => undefined };
  const leave = new AbortController();
  await submitAttempt(store, run.submission, { ...context, signal: leave.signal });
  onTestFinished(async () => {
    leave.abort();
    await following;
    await sshLauncher.cancel(sshLauncher.parseHandle(getRun(store, run.id).handle), 0);
    store.close();
  });
  const updates: RunUpdate[] = [];
  const following = (async () => {
    const options = { store, projectDir: run.projectDir, now: Date.now, signal: leave.signal, pollMs: 200 };
    for await (const update of followRun(run.id, options)) updates.push(update);
  })();
  const silences = () => updates.flatMap((update) => (update.type === "silence" ? [update] : []));
  await until(() => updates.some((update) => update.type === "event" && update.event.kind === "metric"), 60_000);
  const before = silences().length; // a busy machine may have been slow
  sshd.cut();
  await until(() => silences().length > before, 60_000);
  const first = silences()[before]!;
  expect(first).toMatchObject({ target: "gpu-box", since: expect.any(Number) });
  expect(first.why).toBeUndefined();
  expect(first.at - first.since!).toBeGreaterThanOrEqual(8_000);
  await until(() => silences().at(-1)?.why !== undefined, 90_000);
  const { stderr } = await ft(["runs", "ls"], run.projectDir);
  expect(stderr).toContain("asking gpu-box how the runs there stand ...\n");
  expect(stderr).toContain("does not answer");
  sshd.restore();
  await until(() => silences().at(-1)?.since === null, 60_000);
  expect(getRun(store, run.id).state).toBe("running");
});
