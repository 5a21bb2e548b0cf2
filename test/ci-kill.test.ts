// kill -9 of whole nights at seeded moments, promotion and push among them: whatever is cut off, the next `ft ci` goes on, and in the end there is one run, one
// verdict and one champion. FT_TEST_KILLS: how many kills (default 3, one of each kind); each night takes up to four.
import { existsSync, readdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type FakeHub, startFakeHub } from "./fake-hub.js";
import { nightlyRecipe, tickets } from "./nightly-recipe.js";
import { emptyFolder, ft } from "./project.js";

const kills = Number(process.env.FT_TEST_KILLS ?? 3);

it("goes on with a night that was killed at any moment", { timeout: (4 + kills) * 10 * 60_000 }, async () => {
  const hub = await startFakeHub("me/tiny", {}, { isNew: true });
  const dir = emptyFolder();
  const env = { HF_ENDPOINT: hub.url, HF_HOME: emptyFolder(), HF_TOKEN: "hf_secret" };
  const ci = (...args: string[]) => ft(["ci", ...args, "--json"], dir, env);
  const aliasFile = () => JSON.parse(readFileSync(join(dir, ".ft/aliases/tiny.json"), "utf8"));
  const random = seeded(20_261_127);
  writeFileSync(join(dir, "ft.yaml"), nightlyRecipe("max_steps: 4, save_every: 2"));
  writeFileSync(join(dir, "train.jsonl"), tickets(0, 16));
  writeFileSync(join(dir, "eval.jsonl"), tickets(1_000, 60));
  const began = Date.now();
  const first = await ci("--accept-first");
  expect(first.exitCode, first.stderr).toBe(0);
  const wholeMs = Date.now() - began;

  let done = 0;
  for (let night = 2; done < kills; night++) {
    // New rows to train on, and to be measured on: the champion is evaluated as well.
    writeFileSync(join(dir, "train.jsonl"), tickets(0, 16 * night));
    writeFileSync(join(dir, "eval.jsonl"), tickets(1_000, 60 + night));
    const before = aliasFile().history.length;
    for (let kill = 0; kill < 4 && done < kills; kill++) {
      const child = ci();
      const forget = killSomewhen(child, { dir, hub, wholeMs, random, kind: done });
      const { signal } = await child;
      forget();
      expect(aliasFile().aliases.champion).toBeGreaterThan(0);
      if (signal !== "SIGKILL") break; // it was done before
      done += 1;
    }
    const last = await ci();
    const told = `night ${night}, after ${done} kills: ${last.stderr}`;
    const { outcome, adapter, champion } = JSON.parse(last.stdout);
    expect([0, 8], told).toContain(last.exitCode);
    expect(["promoted", "kept", "held", "unchanged"], told).toContain(outcome);
    expect(adapter, told).toBe(`tiny@${night}`);
    const { aliases, history } = aliasFile();
    const verdicts = history.slice(before).filter((move: { to: number; verdict: unknown }) => move.to === night);
    const isPromoted = champion === adapter;
    expect(
      verdicts.map(({ alias, verdict }: { alias: string; verdict: { verdict: string } }) => [alias, verdict.verdict]),
      told,
    ).toEqual([isPromoted ? ["champion", "promote"] : ["candidate", expect.stringMatching(/keep|hold/)]]);
    expect(aliases.champion === aliases.previous, told).toBe(false);
    expect(hub.writes.refs[`v${night}`] !== undefined, told).toBe(isPromoted);
    expect(JSON.parse(readFileSync(join(dir, ".ft/ci/tiny.json"), "utf8")).phase, told).toBe("done");
    expect(existsSync(join(dir, ".ft/ci/tiny.json.lock")), told).toBe(false);
    const { runs } = JSON.parse((await ft(["runs", "ls", "--json"], dir)).stdout);
    expect(
      runs.map(({ state }: { state: string }) => state),
      told,
    ).toEqual(Array(night).fill("succeeded"));
    expect(
      readdirSync(join(dir, ".ft/runs")).filter((name) => !name.startsWith(".")),
      told,
    ).toHaveLength(night);
    expect(
      readdirSync(join(dir, ".ft/evals")).filter((name) => name.startsWith(".work-")),
      told,
    ).toEqual([]);
  }
  expect(JSON.parse((await ci()).stdout)).toMatchObject({ trained: false });
  await hub.close();
});

type Child = ReturnType<typeof ft>;

/** At any time of the night; soon after it wrote down where it is; or while it moves aliases or commits to the Hub. Returns what ends the watching. */
function killSomewhen(
  child: Child,
  known: { dir: string; hub: FakeHub; wholeMs: number; random(): number; kind: number },
): () => void {
  const { dir, hub, wholeMs, random } = known;
  const timers: NodeJS.Timeout[] = [];
  const killIn = (ms: number) => void timers.push(setTimeout(() => child.kill("SIGKILL"), ms));
  const kind = (["anywhere", "phase", "moving"] as const)[known.kind % 3]!;
  if (kind === "anywhere") killIn(random() * wholeMs);
  let writes = Math.floor(random() * 6);
  const states = watch(join(dir, ".ft/ci"), (_event, name) => {
    if (kind === "phase" && name === "tiny.json" && timers.length === 0 && writes-- <= 0) killIn(random() * 60);
  });
  const moves = watch(join(dir, ".ft/aliases"), () => {
    if (kind === "moving" && timers.length === 0) killIn(random() * 15);
  });
  hub.writes.onCommit = () => {
    if (kind === "moving" && timers.length === 0) killIn(random() * 15);
  };
  return () => {
    states.close();
    moves.close();
    for (const timer of timers) clearTimeout(timer);
    hub.writes.onCommit = () => {};
  };
}

/** The same moments in each run of the test. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
