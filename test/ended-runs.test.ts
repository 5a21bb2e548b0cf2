// Runs elsewhere that ended early, through the built binary and a real sshd: what they leave comes home or is kept, and a machine that is gone holds no run.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { reconcile } from "../src/pipeline/reconcile.js";
import { submitAttempt } from "../src/pipeline/submit.js";
import { targetSchema } from "../src/recipes/schema/targets.js";
import { createRun } from "../src/runs/run-store.js";
import { openStore } from "../src/store/open.js";
import { type FakeRun, fakeRun, until } from "./fake-run.js";
import { killSupervisor, livingTrainers } from "./launchers/processes.js";
import { emptyFolder, ft } from "./project.js";
import { type Sshd, startSshd } from "./services/sshd.js";

let sshd: Sshd | null;
let count = 0;

beforeAll(async () => {
  sshd = await startSshd();
}, 60_000);

afterAll(() => sshd?.stop());

/** What `--json` of reap and cancel print, as far as it is looked at. */
interface ReapOrRun {
  leftovers: { run: string }[];
  ended: object[];
  run: { state: string; failure?: object | null };
}

interface Elsewhere {
  run: FakeRun;
  /** Its folder there. */
  far: string;
  /** The machine answers no more, and answers again. */
  vanish(): void;
  comeBack(): void;
  ft(args: string[]): Promise<{ code: number | undefined; out: string; err: string }>;
  json(args: string[]): Promise<ReapOrRun>;
}

/** A run of the fixture trainer that has made its first step, on a machine of the name box. */
async function startedElsewhere(behaviour: string, { isNamed = true } = {}): Promise<Elsewhere> {
  const { configFile, home, alias } = sshd!;
  const dir = join(emptyFolder(), "jobs");
  const [config, settings] = [emptyFolder(), emptyFolder()];
  const sshConfig = join(config, "ssh_config");
  const working = readFileSync(configFile, "utf8");
  writeFileSync(sshConfig, working);
  const keys = { launcher: "ssh", at: { host: alias, config: sshConfig }, dir };
  const twice = { box: keys, "same-box": { ...keys, env: { A: "b" } } };
  mkdirSync(join(settings, "ft"));
  writeFileSync(join(settings, "ft/targets.yaml"), JSON.stringify({ targets: isNamed ? twice : {} }));
  const id = `20260101-120000-e${process.pid.toString(36)}${(count++).toString(36)}`;
  const run = fakeRun(behaviour, { id, target: { name: "box", settings: targetSchema.parse(keys) } });
  writeFileSync(join(run.dir, "job.json"), JSON.stringify({ ...run.job, engine: { name: "trl", version: "1.16.0" } }));
  const store = openStore(run.projectDir);
  createRun(store, { ...run.job, createdAt: Date.now() });
  const context = { now: Date.now, onProgress: () => undefined, signal: new AbortController().signal };
  const env = { ...run.submission.env, HF_TOKEN: "hf_endedRuns0123456789" };
  await submitAttempt(store, run.submission, { ...context, env });
  await until(async () => (await reconcile(store, run.projectDir, run.id, Date.now())).step !== null, 60_000);
  store.close();
  const far = join(dir, "runs", run.id);
  onTestFinished(() => killSupervisor(far).catch(() => undefined));
  const command = async (args: string[]) => {
    const { exitCode, stdout, stderr } = await ft(args, run.projectDir, {
      XDG_CONFIG_HOME: settings,
      HOME: process.env.HOME ?? home,
    });
    return { code: exitCode, out: stdout, err: stderr };
  };
  return {
    ...{ run, far },
    vanish: () => writeFileSync(sshConfig, working.replace(/Port \d+/, "Port 1")),
    comeBack: () => writeFileSync(sshConfig, working),
    ft: command,
    json: async (args) => {
      const { out, err } = await command([...args, "--json"]);
      if (out === "") expect.unreachable(err);
      const answer = JSON.parse(out) as ReapOrRun;
      return { ...answer, leftovers: answer.leftovers?.filter((left) => left.run === run.id) }; // other tests leave things too
    },
  };
}

/** As the trainer leaves it. */
function writeCheckpoint(folder: string): string {
  const path = "out/checkpoints/checkpoint-1/weights";
  mkdirSync(join(folder, "out/checkpoints/checkpoint-1"), { recursive: true });
  writeFileSync(join(folder, path), "trained");
  return path;
}

describe("a run on another machine", { timeout: 180_000 }, () => {
  it("that failed brings its checkpoint home by the next command, leaves no secret, and its folder is kept until it is named", async ({
    skip,
  }) => {
    if (!sshd) return skip();
    const { run, far, ft, json } = await startedElsewhere("hang");
    const path = writeCheckpoint(far);
    await killSupervisor(far);
    const listed = await ft(["runs", "ls"]);
    expect([listed.code, listed.out]).toEqual([0, expect.stringContaining("failed")]);
    expect(listed.err).toContain(`bringing home what ${run.id} made on box`);
    expect(readFileSync(join(run.dir, path), "utf8")).toBe("trained");
    expect(readFileSync(join(run.dir, "stdout.log"), "utf8")).toContain("hanging");
    expect(readdirSync(join(far, "../../secrets"))).toEqual([]);
    expect((await ft(["runs", "ls"])).err).toBe("");

    // It goes on here from what came home, and is stopped: that copy is still all there is.
    await json(["runs", "resume", run.id, "--on", "local", "--detach"]);
    expect((await json(["runs", "cancel", run.id, "--grace", "0"])).run.state).toBe("cancelled");

    // Two names of one machine show one folder.
    const { leftovers, ended } = await json(["runs", "reap", "--yes"]);
    expect(leftovers).toMatchObject([
      {
        verdict: "kept",
        isAlive: false,
        why: "ft runs resume goes on from it; a copy is at home",
      },
    ]);
    expect(ended).toEqual([]);
    expect((await json(["runs", "reap", run.id, "--yes"])).ended).toMatchObject([{ run: run.id, verdict: "kept" }]);
    expect(existsSync(far)).toBe(false);
  });

  it("that is at work is not reaped, not even by its name, nor is a folder said to be removed that is still there", async ({
    skip,
  }) => {
    if (!sshd) return skip();
    const { run, far, ft, json } = await startedElsewhere("hang");
    const refused = await ft(["runs", "reap", run.id, "--yes"]);
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining(`ft runs cancel ${run.id}`)]);
    expect(await livingTrainers(run)).toBe(1);
    const other = "20200101-000000-link";
    symlinkSync(emptyFolder(), join(far, "..", other));
    const { code, err } = await ft(["runs", "reap", other, "--yes"]);
    expect([code, err]).toEqual([
      6,
      expect.stringMatching(/link: its folder on box is still there: .*could not be removed/),
    ]);
    expect((await json(["runs", "cancel", run.id, "--grace", "0"])).run.state).toBe("cancelled");
  });

  it("whose machine is gone for good can be given up; should that come back, what still runs there is an orphan", async ({
    skip,
  }) => {
    if (!sshd) return skip();
    const { run, far, vanish, comeBack, ft, json } = await startedElsewhere("hang");
    vanish();
    const refused = await ft(["runs", "cancel", run.id]);
    expect([refused.code, refused.err]).toEqual([6, expect.stringContaining(`ft runs cancel ${run.id} --force`)]);
    const given = await json(["runs", "cancel", run.id, "--force"]);
    expect(given.run).toMatchObject({
      state: "cancelled",
      failure: { message: expect.stringMatching(/^its machine could not be reached .*may still run, and bill$/) },
    });
    const listed = await ft(["runs", "ls"]);
    expect([listed.code, listed.err, listed.out]).toEqual([0, "", expect.stringContaining("cancelled")]);
    expect((await ft(["runs", "cancel", run.id, "--force"])).code).toBe(2);

    // It is known without the store, too, and nobody asks the machine again.
    rmSync(join(run.projectDir, ".ft/ft.db"));
    const rebuilt = await ft(["runs", "reindex"]);
    expect([rebuilt.code, rebuilt.err]).toEqual([0, ""]);
    const { run: after } = (await json(["runs", "show", run.id])) as { run: object };
    expect(after).toMatchObject({ state: "cancelled", givenUp: 1, failure: given.run.failure });
    expect((await ft(["runs", "ls"])).err).toBe("");

    comeBack();
    writeCheckpoint(far);
    const { ended } = await json(["runs", "reap", "--yes"]);
    expect(ended).toMatchObject([{ run: run.id, isAlive: true, verdict: "orphan", why: "the run is cancelled" }]);
    expect(await livingTrainers(run)).toBe(0);
    const { leftovers } = await json(["runs", "reap"]);
    expect(leftovers).toMatchObject([{ verdict: "kept", why: expect.stringContaining("not all of it is at home") }]);
  });

  it("that failed while its machine is gone says what is missing, until that is given up too", async ({ skip }) => {
    if (!sshd) return skip();
    const { run, far, vanish, ft, json } = await startedElsewhere("hang");
    await killSupervisor(far);
    const store = openStore(run.projectDir);
    await reconcile(store, run.projectDir, run.id, Date.now()); // this ft died before it brought anything home
    store.close();
    vanish();
    const missing = await ft(["runs", "ls"]);
    expect([missing.code, missing.err]).toEqual([
      0,
      expect.stringMatching(/not all that it made on box is here yet .*--force gives it up/),
    ]);
    const given = await ft(["runs", "cancel", run.id, "--force"]);
    expect([given.code, given.out]).toEqual([0, expect.stringContaining(`${run.id} failed`)]);
    expect((await ft(["runs", "ls"])).err).toBe("");

    // Resumed here it is no longer how it was given up; that it was is still known without the store.
    await json(["runs", "resume", run.id, "--on", "local", "--detach"]);
    await json(["runs", "cancel", run.id, "--grace", "0"]);
    rmSync(join(run.projectDir, ".ft/ft.db"));
    expect((await ft(["runs", "reindex"])).err).toBe("");
    const { run: after } = await json(["runs", "show", run.id]);
    expect(after).toMatchObject({ attempt: 2, target: "local", givenUp: 1 });
  });

  it("that goes on here leaves a folder there that is found, though no target of that name is left: kept, then an orphan", async ({
    skip,
  }) => {
    if (!sshd) return skip();
    const { run, far, ft, json } = await startedElsewhere("hang", { isNamed: false });
    await killSupervisor(far);
    const resumed = await ft(["runs", "resume", run.id, "--on", "local", "--detach"]);
    expect(resumed.code, resumed.err).toBe(0);
    expect((await json(["runs", "reap"])).leftovers).toMatchObject([
      { run: run.id, target: "box", verdict: "kept", why: "the run goes on on local" },
    ]);
    await ft(["runs", "cancel", run.id, "--grace", "0"]);
    const store = openStore(run.projectDir);
    // As a run of an engine leaves it.
    store.prepare("UPDATE runs SET state = 'succeeded'").run();
    store
      .prepare(
        `INSERT INTO adapters (name, version, run, created_at, method, base_id, base_revision, data_sha256, engine, engine_version, path, files)
         VALUES ('x', 1, ?, 0, 'lora', 'x', 'x', 'x', 'trl', '1', 'x', '[]')`,
      )
      .run(run.id);
    store.close();
    expect((await json(["runs", "reap", "--yes"])).ended).toMatchObject([{ run: run.id, verdict: "orphan" }]);
    expect(existsSync(far)).toBe(false);
  });
});

it("secrets of a run that no project knows are found on this machine, and end by its name", async () => {
  const cache = emptyFolder();
  const file = join(cache, "secrets/20200101-000000-dead-1.json");
  mkdirSync(join(cache, "secrets"));
  writeFileSync(file, "{}");
  const reap = (args: string[]) =>
    ft(["runs", "reap", ...args, "--json"], emptyFolder(), { FT_CACHE: cache, XDG_CONFIG_HOME: emptyFolder() });
  expect(JSON.parse((await reap([])).stdout).leftovers).toMatchObject([
    { what: `secrets in ${file}`, verdict: "unknown" },
  ]);
  await reap(["20200101-000000-dead", "--yes"]);
  expect(existsSync(file)).toBe(false);
});
