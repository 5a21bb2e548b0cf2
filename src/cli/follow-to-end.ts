// Watches a run until it ends, then shows what came of it; the exit code says how it ended. For `ft run`, `ft runs watch` and `resume`.
import { exitCodes } from "../errors.js";
import { cancelRun } from "../pipeline/cancel-run.js";
import { collectEnded } from "../pipeline/collect-run.js";
import { finishRun } from "../pipeline/finish-run.js";
import { followRun } from "../pipeline/follow.js";
import { pushRun } from "../pipeline/push-run.js";
import { runEnding } from "../pipeline/run-ending.js";
import { whyNotEvaluated } from "../pipeline/why-not-evaluated.js";
import { getRun } from "../runs/run-store.js";
import { openStore } from "../store/open.js";
import { writeJson } from "./io.js";
import type { CommandContext } from "./program.js";
import { watchRun } from "./watch-run.js";

/** `--json` prints every update as a line while it goes on (`stream`), or the result alone. */
export interface FollowRequest {
  projectDir: string;
  id: string;
  json: boolean;
  stream?: boolean;
}

/** Throws FtError train.failed (training), run.cancelled and run.budget (interrupted), run.lost (environment). */
export async function followToEnd({ io, exit }: CommandContext, request: FollowRequest): Promise<void> {
  const { projectDir, id, json, stream = false } = request;
  const store = openStore(projectDir);
  const leave = new AbortController();
  try {
    const { name, target } = getRun(store, id);
    const onNotice = () => {}; // what could not be brought home is said at the end
    const stop = async () => void (await cancelRun(store, projectDir, id, { now: io.now, onNotice }));
    const updates = followRun(id, { store, projectDir, now: io.now, signal: leave.signal });
    const end = await watchRun(
      io,
      { id, name, target },
      updates,
      { stop, leave: () => leave.abort() },
      { json: stream },
    );
    if (end === "detached" || end === "interrupted") {
      io.err.write(`\nthe run goes on\n  watch it: ft runs watch ${id}\n  stop it:  ft runs cancel ${id}\n`);
      if (json && !stream) writeJson(io, { ok: true, detached: true, run: { id, name } });
      return end === "interrupted" ? exit(exitCodes.interrupted.code) : undefined;
    }
    const run = getRun(store, id);
    if (run.state !== "succeeded") {
      const problem = run.state === "lost" ? null : await collectEnded(store, projectDir, id);
      if (problem !== null) io.err.write(`note: ${problem}\n`);
      throw runEnding(run);
    }
    const adapter = await finishRun(store, projectDir, id);
    const pushed = await pushRun(projectDir, adapter, {
      env: io.env,
      onNotice: (text) => io.err.write(`note: ${text}\n`),
    });
    const notEvaluated = whyNotEvaluated(projectDir, id);
    const rest = { ...(notEvaluated && { notEvaluated }), ...(pushed && { hub: pushed }) };
    if (json && !stream) return writeJson(io, { ok: true, run, adapter, ...rest });
    if (stream) return io.out.write(`${JSON.stringify({ type: "result", run, adapter, ...rest })}\n`);
    const { adapterResult } = await import("./views/adapter-result.js");
    io.out.write(adapterResult(adapter, io.cwd, notEvaluated));
    if (pushed) io.out.write(`pushed  ${pushed.url}\n`);
  } finally {
    leave.abort();
    store.close();
  }
}
