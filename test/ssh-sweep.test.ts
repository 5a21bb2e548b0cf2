// `ft sweep --on box`: trials on a machine behind a real sshd, through a killed ft, a link that is cut, and a trial that fails. Real TRL on the tiny model.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ftCacheDir } from "../src/paths.js";
import { until } from "./fake-run.js";
import { killSupervisor } from "./launchers/processes.js";
import { emptyFolder, ft, tinyProject } from "./project.js";
import { type Sshd, startSshd } from "./services/sshd.js";

const minutes = 60_000;
let sshd: Sshd | null;
let env: Record<string, string>;

beforeAll(async () => {
  sshd = await startSshd();
  if (!sshd) return;
  env = { XDG_CONFIG_HOME: emptyFolder() };
  mkdirSync(join(env.XDG_CONFIG_HOME!, "ft"));
  writeFileSync(
    join(env.XDG_CONFIG_HOME!, "ft/targets.yaml"),
    `targets:
  box:
    launcher: ssh
    at: { host: ${sshd.alias}, config: ${sshd.configFile} }
    env: { FT_CACHE: ${ftCacheDir(process.env)}, OMP_NUM_THREADS: "1" }
`,
  );
}, minutes);

afterAll(() => sshd?.stop());

it("a sweep on another machine: a killed ft, a link that is cut and a trial that fails lose nothing, and nothing is trained twice", {
  timeout: 12 * minutes,
}, async ({ skip }) => {
  if (!sshd) return skip();
  const { home, cut, restore } = sshd;
  const dir = tinyProject({ maxSteps: 12 });
  const args = ["sweep", "--key", "train.learning_rate=1e-3,1e-2,2e-2", "--concurrency", "2", "--on", "box", "--json"];
  const folder = join(home, "ft-jobs/runs");
  const far = () => (existsSync(folder) ? readdirSync(folder).sort() : []);
  const said = (run: string, words: string) => {
    const file = join(folder, run, "events.jsonl");
    return existsSync(file) && readFileSync(file, "utf8").includes(words);
  };

  const killed = ft(args, dir, env);
  await until(() => far().filter((run) => said(run, '"metric"')).length === 2, 4 * minutes);
  killed.kill("SIGKILL");
  await killed;

  const again = ft(args, dir, env);
  await until(() => far().length === 3 && said(far()[2]!, '"phase"'), 4 * minutes);
  cut();
  const third = far()[2]!;
  await killSupervisor(join(folder, third));
  await until(() => far().every((run) => run === third || said(run, '"kind":"end"')), 4 * minutes);
  restore();

  const result = await again;
  expect(result.exitCode, result.stderr).toBe(0);
  const { sweep } = JSON.parse(result.stdout);
  expect(sweep.trials.map(({ state, run }: Row) => [state, run])).toEqual([
    ["succeeded", far()[0]],
    ["succeeded", far()[1]],
    ["failed", third],
  ]);
  expect(sweep.trials[2].reason).toContain("gone without a word");

  const retried = await ft([...args, "--retry"], dir, env);
  expect(retried.exitCode, retried.stderr).toBe(0);
  const { trials, best } = JSON.parse(retried.stdout).sweep;
  expect(trials.map(({ state, run }: Row) => [state, run])).toEqual(far().map((run) => ["succeeded", run]));
  expect(best.metric).toBeLessThan(best.base);
  const { runs } = JSON.parse((await ft(["runs", "ls", "--json"], dir, env)).stdout);
  expect(runs.map(({ attempt, target }: Row) => [attempt, target])).toEqual([
    [2, "box"],
    [1, "box"],
    [1, "box"],
  ]);
  expect(existsSync(join(dir, ".ft/runs", best.run, "out/adapter/adapter_model.safetensors"))).toBe(true);
});

interface Row {
  state: string;
  run: string;
  attempt: number;
  target: string;
}
