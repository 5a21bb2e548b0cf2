// A job folder for the benches of launchers: the trainer of the launchers' tests, which writes what the real supervisor writes, without an engine.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { targetSchema } from "../dist/recipes/schema/targets.js";

export const root = new URL("..", import.meta.url).pathname;
let count = 0;

/** `written`: a target as a person writes it. `engine`: that which the target's image says to have. */
export function writeJob(base, written, engine = { name: "trl", version: "0" }) {
  const id = `20260101-120000-b${process.pid.toString(36)}${(count++).toString(36)}`;
  const dir = join(base, id);
  mkdirSync(join(dir, "trainer"), { recursive: true });
  cpSync(join(root, "test/fixtures/trainers/run.py"), join(dir, "trainer/run.py"));
  writeFileSync(join(dir, "behaviour.txt"), "losses 1 0");
  const settings = targetSchema.parse(written);
  const manifest = {
    ...{ version: 1, id, name: "bench", createdAt: 0, engine, steps: [], env: {} },
    ...{ model: { asked: "m", id: "m", revision: "0", path: "/nowhere" }, gpus: 0, heartbeatSeconds: 10 },
    ...{ target: { name: written.launcher, settings }, checkpointDir: "out/checkpoints", adapterDir: "out/adapter" },
  };
  writeFileSync(join(dir, "job.json"), JSON.stringify(manifest));
  return { dir, manifest };
}

/** From ft's submission to the first event, ms; what it started is ended. `events`: the folder in which the run writes. */
export async function startByFt(launcher, { dir, manifest }, events = dir) {
  const start = Date.now();
  const submission = { job: manifest, dir, attempt: 1, resume: false, python: null, env: {}, secrets: {} };
  const handle = await launcher.submit({ ...submission, onProgress: () => {} });
  const at = await firstEvent(events);
  await launcher.cancel(handle, 0);
  await launcher.collect(handle);
  return at - start;
}

/** Its own time, which the trainer wrote: how often this looks does not count. */
export async function firstEvent(dir) {
  const file = join(dir, "events.jsonl");
  for (let i = 0; i < 6000; i++) {
    const line = existsSync(file) ? readFileSync(file, "utf8").split("\n")[0] : "";
    if (line) return JSON.parse(line).t;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("no first event within a minute");
}
