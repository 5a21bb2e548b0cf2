// ft.lock.json and "nothing changed", through the built binary: one real run of the tiny model, then everything that may move.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startRun } from "../src/pipeline/start-run.js";
import { loadRecipe } from "../src/recipes/load.js";
import { until } from "./fake-run.js";
import { emptyFolder, ft, requiredEnv, tinyProject } from "./project.js";

const minutes = 60_000;

describe("ft run", () => {
  it(
    "skips what a run did already, without environment or model; trains when anything that matters changed",
    async () => {
      const dir = projectWithOwnBase();
      const [abandoned, building] = [".new-old", ".new-young"].map((name) => join(dir, ".ft/runs", name));
      for (const folder of [abandoned!, building!]) mkdirSync(folder, { recursive: true });
      utimesSync(abandoned!, 0, 0);
      const first = JSON.parse((await ft(["run", "--json"], dir)).stdout);
      expect(first.adapter).toMatchObject({ name: "tiny", version: 1 });
      expect([existsSync(abandoned!), existsSync(building!)], "what a killed ft left half-built").toEqual([
        false,
        true,
      ]);
      rmSync(building!, { recursive: true });
      expect(Object.keys(lockOf(dir).recipes)).toEqual(["ft.yaml"]);

      const again = await ft(["run", "--json"], dir, nothingHere());
      expect(again.exitCode, again.stderr).toBe(0);
      expect(again.stderr).toContain(`nothing changed since run ${first.run.id} (tiny@1)`);
      expect(JSON.parse(again.stdout)).toMatchObject({ ok: true, skipped: true, run: { id: first.run.id } });
      const asText = await ft(["run", "--exit-code"], dir, nothingHere());
      expect(asText.exitCode).toBe(9);
      expect(asText.stdout).toMatch(/exact match[\s\S]*adapter tiny@1 {2}\.ft\/runs\//);
      await whileChanged(join(dir, "ft.yaml"), withHub, async () => {
        const { exitCode, stderr } = await ft(["run"], dir, { ...nothingHere(), HF_TOKEN: "hf_secret" });
        expect([exitCode, stderr]).toEqual([
          0,
          expect.stringContaining("push it there: ft adapters push tiny@1 --repo me/tiny"),
        ]);
      });
      expect((await ft(["run", "--frozen", "--detach"], dir, nothingHere())).stdout).toBe(first.run.id);
      rmSync(join(dir, ".ft/ft.db"));
      expect((await ft(["run"], dir, nothingHere())).exitCode, "after the store was rebuilt").toBe(0);

      const lock = readFileSync(join(dir, "ft.lock.json"), "utf8");
      expect((await ft(["run", "--force"], dir, nothingHere())).exitCode).toBe(trained);
      expect((await ft(["run", "--set", "train.seed=7"], dir, nothingHere())).exitCode).toBe(trained);
      await whileChanged(join(dir, "data/train.jsonl"), (text) => text.replace("lamp number 7 ", "lamp number 8 "), go);
      await whileChanged(join(dir, "ft.yaml"), (text) => text.replace("max_steps: 3", "max_steps: 4"), go);
      await whileChanged(join(dir, "base/config.json"), (text) => `${text} `, go);
      const runLock = join(dir, ".ft/runs", first.run.id, "lock.json");
      for (const change of [withoutKey, ...["ft", "trainer", "device"].map(otherwise)])
        await whileChanged(runLock, change, go);
      await whileChanged(join(first.adapter.dir, "adapter_config.json"), () => "{", go);
      expect((await ft(["run"], dir, nothingHere())).exitCode, "everything is back").toBe(0);
      expect(readFileSync(join(dir, "ft.lock.json"), "utf8")).toBe(lock);

      async function go(): Promise<void> {
        const result = await ft(["run"], dir, nothingHere());
        expect(result.exitCode, result.stderr).toBe(trained);
      }
    },
    15 * minutes,
  );

  it("with --frozen refuses without a lock, and names what drifted before anything is fetched", async () => {
    const dir = projectWithOwnBase();
    const without = await ft(["run", "--frozen", "--json"], dir, nothingHere());
    expect(without.exitCode).toBe(3);
    expect(JSON.parse(without.stdout).error.code).toBe("lock.drift");
    expect((await ft(["lock"], dir, nothingHere())).exitCode).toBe(0);
    expect((await ft(["run", "--frozen"], dir, nothingHere())).exitCode, "no drift: it goes on").toBe(trained);

    const recipe = join(dir, "ft.yaml");
    writeFileSync(recipe, readFileSync(recipe, "utf8").replace("max_steps: 3", "max_steps: 5"));
    const drifted = await ft(["run", "--frozen"], dir, nothingHere());
    expect(drifted.exitCode).toBe(3);
    expect(drifted.stderr).toContain("train.max_steps: 3 -> 5");
    expect(existsSync(join(dir, ".ft/runs"))).toBe(false);
  });

  it(
    "trains after a crash between writing the lock and starting the trainer",
    async () => {
      const dir = projectWithOwnBase({ evaluated: false });
      const crash = startRun(
        loadRecipe("ft.yaml", { cwd: dir, env: {} }),
        {
          env: { PATH: process.env.PATH, HOME: process.env.HOME, FT_CACHE: process.env.FT_CACHE },
          signal: new AbortController().signal,
          onProgress: () => undefined,
          onNotice: () => undefined,
          openStore: () => Promise.reject(new Error("crash")),
          now: Date.now,
          random: Math.random,
        },
        { frozen: false, force: false, ignoreFit: false, ignoreBudget: false, probe: false, writesLock: true },
      );
      await expect(crash).rejects.toThrow("crash");
      expect((await ft(["lock", "--check"], dir)).exitCode).toBe(0);
      const result = await ft(["run", "--frozen", "--detach", "--json"], dir);
      expect(result.exitCode, result.stderr).toBe(0);
      const { run, skipped = false } = JSON.parse(result.stdout);
      expect(skipped).toBe(false);

      await until(() => existsSync(join(run.dir, "COMPLETE")), 8 * minutes);
      const again = await ft(["run", "--exit-code"], dir, nothingHere());
      expect(again.exitCode, "it ended while no ft was there; its adapter is registered now").toBe(9);
    },
    15 * minutes,
  );

  it(
    "twice at once, with two recipes of one folder: both train, and the lock has both",
    async () => {
      const dir = projectWithOwnBase({ evaluated: false });
      const recipe = readFileSync(join(dir, "ft.yaml"), "utf8");
      writeFileSync(join(dir, "other.yaml"), recipe.replace("name: tiny", "name: other"));
      const results = await Promise.all([ft(["run"], dir), ft(["run", "other.yaml"], dir)]);
      for (const { exitCode, stderr } of results) expect(exitCode, stderr).toBe(0);
      expect(Object.keys(lockOf(dir).recipes)).toEqual(["ft.yaml", "other.yaml"]);
      for (const name of ["ft.yaml", "other.yaml"])
        expect((await ft(["run", name, "--frozen", "--exit-code"], dir, nothingHere())).exitCode).toBe(9);
      expect(readdirSync(dir).filter((name) => name.includes("lock"))).toEqual(["ft.lock.json"]);
    },
    15 * minutes,
  );
});

/** Exit code of a run that does not skip where there is no Python to train with. */
const trained = 6;

/** An environment in which nothing can be trained or fetched, for what must be decided before. */
function nothingHere(): Record<string, string> {
  return { PATH: "/nonexistent", FT_CACHE: emptyFolder(), HF_HUB_OFFLINE: "1" };
}

function projectWithOwnBase({ evaluated = true } = {}): string {
  const dir = tinyProject({ maxSteps: 3, evaluated });
  const model = requiredEnv("FT_TEST_TINY_MODEL");
  cpSync(model, join(dir, "base"), { recursive: true });
  const file = join(dir, "ft.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace(model, "./base"));
  return dir;
}

function lockOf(dir: string): { recipes: Record<string, unknown> } {
  return JSON.parse(readFileSync(join(dir, "ft.lock.json"), "utf8"));
}

const withHub = (text: string) => `${text}\nhub: { repo: me/tiny }\n`;

/** As an ft before ft.lock.json wrote it. */
function withoutKey(text: string): string {
  const { key: _, trainer: __, device: ___, ...lock } = JSON.parse(text);
  return JSON.stringify(lock);
}

/** As if the run had had another version of ft or of its trainer, or another device. */
function otherwise(part: string): (text: string) => string {
  return (text) => {
    const lock = JSON.parse(text);
    return JSON.stringify({ ...lock, [part]: part === "device" ? { ...lock.device, kind: "cuda" } : "other" });
  };
}

async function whileChanged(file: string, change: (text: string) => string, look: () => Promise<void>): Promise<void> {
  const before = readFileSync(file, "utf8");
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(file, after);
  await look();
  writeFileSync(file, before);
}
