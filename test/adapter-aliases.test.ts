// Which version is served, by the built binary: promoted, rolled back, tagged, removed, and killed in the middle.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  watch,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { moveAliases } from "../src/adapters/aliases.js";
import { promote } from "../src/adapters/promote.js";
import { listAdapters } from "../src/adapters/registry.js";
import { startTime } from "../src/start-time.js";
import { openStore } from "../src/store/open.js";
import { type AdapterProject, adapterProject } from "./adapter-project.js";
import { startFakeHub } from "./fake-hub.js";
import { ft } from "./project.js";
import { writeSafetensors } from "./write-safetensors.js";

const minutes = 5 * 60_000;
const run = ({ dir }: AdapterProject, line: string, env = {}) => ft(line.split(" "), dir, env);
const listed = ({ dir }: AdapterProject) => {
  const store = openStore(dir);
  const adapters = listAdapters(store, dir);
  store.close();
  return adapters;
};
const json = async (project: AdapterProject, line: string) => JSON.parse((await run(project, `${line} --json`)).stdout);

/** As `ft ci` records what the gate said of a candidate that it does not promote, compared with version 1. */
function gateSaid(project: AdapterProject, version: number, verdict: "keep" | "promote"): Promise<unknown> {
  return moveAliases(project.dir, "support-bot", {
    ...{ expect: {}, set: { candidate: version }, why: null, by: "nightly", now: Date.now() },
    verdict: {
      ...{ verdict, reasons: ["exact_match: 3 points worse than the champion (lower bound -5.1, margin 2)"] },
      against: { champion: 1, anchor: null },
    },
  });
}

it("serves the promoted version, the one before after a rollback, and the newer again after another", {
  timeout: minutes,
}, async () => {
  const project = await adapterProject({ versions: 3 });
  expect((await run(project, "adapters rollback support-bot")).exitCode).toBe(2); // nothing before
  await run(project, "adapters promote support-bot@1 --why first");
  const second = await run(project, "adapters promote support-bot@2");
  expect(second.stdout).toBe("support-bot@2 is champion, before it was @1");
  expect((await run(project, "adapters promote support-bot@2")).stdout).toContain("is champion already");
  expect(project.aliases()!.aliases).toEqual({ champion: 2, previous: 1 });

  const back = await run(project, "adapters rollback support-bot --why worse_at_refunds");
  expect(back.stdout).toContain("rolled back: support-bot@1 is champion again, before it was @2");
  expect(await json(project, "adapters show support-bot@champion")).toMatchObject({
    adapter: { version: 1, aliases: ["champion"] },
    history: [
      { alias: "champion", from: null, to: 1, why: "first", verdict: null },
      { alias: "champion", from: 1, to: 2 },
      { alias: "previous", from: null, to: 1 },
      { alias: "champion", from: 2, to: 1, why: "worse_at_refunds" },
      { alias: "previous", from: 1, to: 2 },
    ],
  });
  await run(project, "adapters rollback support-bot");
  expect(project.aliases()!.aliases).toEqual({ champion: 2, previous: 1 });
});

it("calls weights that cannot be read broken, and does not blame itself", { timeout: minutes }, async () => {
  const project = await adapterProject({ versions: 1 });
  const weights = join(project.folder(1), "adapter_model.safetensors");
  const ending = async () => {
    const { exitCode, stdout } = await run(project, "adapters verify support-bot@1");
    expect((await run(project, "adapters promote support-bot@1")).exitCode).toBe(4);
    return { exitCode, stdout };
  };
  rmSync(weights);
  symlinkSync("nowhere", weights);
  expect(await ending()).toMatchObject({
    exitCode: 4,
    stdout: expect.stringMatching(/weights .*cannot be read: ENOENT/),
  });
  rmSync(weights);
  mkdirSync(weights);
  expect(await ending()).toMatchObject({
    exitCode: 4,
    stdout: expect.stringMatching(/files .*cannot be read: EISDIR/),
  });
  expect(project.aliases()).toBeNull();
});

it("rolls back to a version that is named only when it is the previous one", { timeout: minutes }, async () => {
  const project = await adapterProject({ versions: 3 });
  for (const version of [1, 2, 3]) await run(project, `adapters promote support-bot@${version}`);
  const other = await run(project, "adapters rollback support-bot@1");
  expect(other.exitCode).toBe(2);
  expect(other.stderr).toContain("support-bot@1 is not the previous version");
  expect(other.stderr).toContain("ft adapters promote support-bot@1 serves support-bot@1");
  expect((await run(project, "adapters rollback support-bot@champion")).stderr).toContain("is the champion");
  expect(project.aliases()!.aliases).toEqual({ champion: 3, previous: 2 });
  expect((await run(project, "adapters rollback support-bot@2")).exitCode).toBe(0);
  expect((await run(project, "adapters rollback support-bot@2")).exitCode).toBe(2); // typed twice by mistake: it stays
  expect((await run(project, "adapters rollback support-bot@previous")).exitCode).toBe(0);
  expect(project.aliases()!.aliases).toEqual({ champion: 3, previous: 2 });
});

it("resolves an alias wherever an adapter is named, and lists and shows it", { timeout: minutes }, async () => {
  const project = await adapterProject({ versions: 3 });
  await run(project, "adapters promote support-bot@2 --why better_on_tickets");
  expect((await run(project, "adapters tag support-bot@champion anchor --why approved")).stdout).toBe(
    "anchor is on support-bot@2",
  );
  expect((await run(project, "adapters tag support-bot@3 candidate")).exitCode).toBe(0);
  expect((await run(project, "adapters tag support-bot@3 champion")).exitCode).toBe(2);
  expect((await run(project, "adapters tag support-bot@3 7up")).exitCode).toBe(2);
  expect((await run(project, "adapters tag support-bot@2 candidate --remove")).exitCode).toBe(2); // it is not on that one
  for (const command of ["show", "verify", "export-card", "bom"]) {
    expect((await run(project, `adapters ${command} support-bot@anchor`)).exitCode, command).toBe(0);
  }
  const list = (await run(project, "adapters ls support-bot")).stdout;
  expect(list).toMatch(/support-bot@3 +candidate +lora/);
  expect(list).toMatch(/support-bot@2 +champion, anchor +lora/);
  const shown = (await run(project, "adapters show support-bot@champion")).stdout;
  expect(shown).toMatch(/champion -> @2\n +by \w+\n +better_on_tickets/);
  for (const text of [list, shown])
    expect(
      Math.max(
        ...text
          .split("\n")
          .filter((row) => !row.includes("/tmp/"))
          .map((row) => row.length),
      ),
    ).toBeLessThanOrEqual(80);
  expect((await run(project, "adapters show support-bot@nightly")).stderr).toContain("support-bot@champion");
  await run(project, "adapters promote support-bot@candidate");
  expect(project.aliases()!.aliases).toEqual({ champion: 3, previous: 2, anchor: 2 }); // no longer a candidate
  expect((await run(project, "adapters tag support-bot@2 anchor --remove --why retired")).stdout).toContain(
    "taken off",
  );
  expect(project.aliases()!.aliases).toEqual({ champion: 3, previous: 2 });
});

it("promotes against the gate's verdict by force alone, and the history says so", { timeout: minutes }, async () => {
  const project = await adapterProject({ versions: 2 });
  await run(project, "adapters promote support-bot@1");
  await gateSaid(project, 2, "keep");
  const refused = await run(project, "adapters promote support-bot@candidate");
  expect(refused).toMatchObject({ exitCode: 8, stderr: expect.stringContaining("the gate said keep") });
  expect(refused.stderr).toContain("3 points worse than the champion");
  expect((await run(project, "adapters promote support-bot@2 --force")).exitCode).toBe(2); // needs a reason
  expect(project.aliases()!.aliases).toEqual({ champion: 1, candidate: 2 });
  expect((await run(project, "adapters promote support-bot@2 --force --why customer_asked")).exitCode).toBe(0);
  expect(project.aliases()!.history.find(({ alias, to }) => alias === "champion" && to === 2)).toMatchObject({
    ...{ forced: true, why: "customer_asked", verdict: { verdict: "keep" } },
  });
  expect((await run(project, "adapters show support-bot")).stdout).toContain("AGAINST the gate, which said keep");
});

it("a verdict speaks of the versions that were compared: after another promotion it counts no more", {
  timeout: minutes,
}, async () => {
  const project = await adapterProject({ versions: 3 });
  await run(project, "adapters promote support-bot@1");
  await gateSaid(project, 2, "promote");
  await gateSaid(project, 3, "promote");
  expect((await run(project, "adapters promote support-bot@3")).exitCode).toBe(0);
  const old = await run(project, "adapters promote support-bot@2");
  expect([old.exitCode, old.stderr]).toEqual([
    8,
    expect.stringMatching(
      /then: champion support-bot@1, anchor none; now: champion support-bot@3[\s\S]*ft gate support/,
    ),
  ]);
  // The same for who promotes by a verdict of just now.
  const [line, against] = [listed(project), { champion: 1, anchor: null }];
  const promotion = promote(project.dir, line.find(({ version }) => version === 2)!, line, {
    ...{ by: "ft ci", now: 1, why: null, force: false, baseDir: () => null },
    verdict: { verdict: "promote", reasons: ["better"], against },
  });
  await expect(promotion).rejects.toMatchObject({ code: "alias.moved" });
  await run(project, "adapters rollback support-bot");
  expect((await run(project, "adapters promote support-bot@2")).exitCode).toBe(0);
});

it("a name that every object has is an alias like any other", { timeout: minutes }, async () => {
  const project = await adapterProject({ versions: 1 });
  expect((await run(project, "adapters tag support-bot@1 constructor")).stdout).toBe("constructor is on support-bot@1");
  expect(await json(project, "adapters show support-bot@constructor")).toMatchObject({
    adapter: { aliases: ["constructor"] },
    history: [{ alias: "constructor", from: null, to: 1 }],
  });
});

it.each<[string, RegExp, (folder: string) => void]>([
  ["rank 0", /rank 0/, (folder) => edit(join(folder, "adapter_config.json"), (config) => ({ ...config, r: 0 }))],
  [
    "NaN weights",
    /NaN or infinite/,
    (folder) => {
      const file = join(folder, "adapter_model.safetensors");
      const bytes = readFileSync(file);
      bytes.writeFloatLE(Number.NaN, bytes.length - 8);
      writeFileSync(file, bytes);
    },
  ],
  [
    "truncated safetensors",
    /is cut/,
    (folder) => {
      const file = join(folder, "adapter_model.safetensors");
      writeFileSync(file, readFileSync(file).subarray(0, -9));
    },
  ],
  [
    "a pickle in place of safetensors",
    /adapter_model\.bin is a pickle/,
    (folder) => {
      rmSync(join(folder, "adapter_model.safetensors"));
      writeFileSync(join(folder, "adapter_model.bin"), "PK\x03\x04");
    },
  ],
  [
    "a pickle under the name of safetensors",
    /is a pickle, not safetensors/,
    (folder) => writeFileSync(join(folder, "adapter_model.safetensors"), "PK\x03\x04 torch"),
  ],
  [
    "a config for another base",
    /names the base other-llama/,
    (folder) =>
      edit(join(folder, "adapter_config.json"), (config) => ({ ...config, base_model_name_or_path: "other-llama" })),
  ],
  [
    "a weights' header for another base",
    /header of its weights names the base other-llama/,
    (folder) => {
      const values = Array.from({ length: 32 }, () => 1);
      const layer = "base_model.model.model.layers.0.self_attn.q_proj";
      const pair = (side: string, shape: number[]) => ({ name: `${layer}.lora_${side}.weight`, shape, values });
      writeSafetensors(join(folder, "adapter_model.safetensors"), [pair("A", [2, 16]), pair("B", [16, 2])], (header) =>
        Object.assign(header, { __metadata__: { base_model: "other-llama" } }),
      );
    },
  ],
])("does not promote an adapter with %s", { timeout: minutes }, async (_name, problem, spoil) => {
  const project = await adapterProject({ versions: 2, spoil: (version, folder) => version === 2 && spoil(folder) });
  await run(project, "adapters promote support-bot@1");
  const refused = await run(project, "adapters promote support-bot@2");
  expect(refused).toMatchObject({ exitCode: 4, stderr: expect.stringMatching(problem) });
  expect(project.aliases()!.aliases).toEqual({ champion: 1 });
});

it("does not promote an adapter for another base than the champion's, unless forced", {
  timeout: minutes,
}, async () => {
  const project = await adapterProject({
    versions: 2,
    base: (version) => ({ id: "tiny-llama", revision: `r${version}` }),
  });
  await run(project, "adapters promote support-bot@1");
  expect(await run(project, "adapters promote support-bot@2")).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining("for another base than the champion"),
  });
  expect((await run(project, "adapters promote support-bot@2 --force --why new_server")).exitCode).toBe(0);
  expect(project.aliases()!.history.at(-2)).toMatchObject({ alias: "champion", to: 2, forced: true });
});

it("lets one of many promotions at once win, and the others know what they built on", {
  timeout: minutes,
}, async () => {
  const project = await adapterProject({ versions: 5 });
  await run(project, "adapters promote support-bot@1");
  const before = 1;
  const all = await Promise.allSettled(
    [2, 3, 4, 5].map((version) =>
      moveAliases(project.dir, "support-bot", {
        ...{ expect: { champion: before }, set: { champion: version, previous: before } },
        ...{ why: null, verdict: null, by: "test", now: version },
      }),
    ),
  );
  const lost = all.filter((each) => each.status === "rejected").map(({ reason }) => reason.code);
  expect(lost).toEqual(["alias.moved", "alias.moved", "alias.moved"]);
  expect(project.aliases()!.aliases.previous).toBe(1);
  expect(project.aliases()!.history).toHaveLength(3);

  // Also one that another machine, which took its lock for a dead one's, makes while it still checks.
  const late = moveAliases(
    project.dir,
    "support-bot",
    {
      ...{ expect: { champion: project.aliases()!.aliases.champion! }, set: { champion: 1 } },
      ...{ why: null, verdict: null, by: "test", now: 6 },
    },
    () => edit(join(project.dir, ".ft/aliases/support-bot.json"), (it) => ({ ...it, aliases: { champion: 5 } })),
  );
  await expect(late).rejects.toMatchObject({ code: "alias.moved" });
});

it("waits for a process that is stopped in the middle, and says for which", { timeout: minutes }, async () => {
  const project = await adapterProject({ versions: 1 });
  const owner = execa("sleep", ["600"], { reject: false });
  owner.kill("SIGSTOP");
  const lock = join(project.dir, ".ft/aliases/support-bot.json.lock");
  mkdirSync(dirname(lock), { recursive: true });
  writeFileSync(
    lock,
    JSON.stringify({ pid: owner.pid, host: hostname(), since: 1, startTime: await startTime(owner.pid!) }),
  );
  utimesSync(lock, 1, 1);
  const waiting = run(project, "adapters promote support-bot@1");
  waiting.stderr.on("data", () => owner.kill("SIGKILL"));
  expect(await waiting).toMatchObject({
    exitCode: 0,
    stderr: `note: waiting for process ${owner.pid}, which is moving an alias of this line`,
  });
});

it("removes old weights, never those that an alias holds, and never uses a number again", {
  timeout: minutes,
}, async () => {
  const project = await adapterProject({ versions: 6 });
  await run(project, "adapters promote support-bot@1");
  await run(project, "adapters promote support-bot@3");
  const asked = await run(project, "adapters gc --keep 1");
  expect(asked).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("nothing was removed") });
  expect(asked.stdout.match(/support-bot@\d/g)).toEqual(["support-bot@5", "support-bot@4", "support-bot@2"]);
  expect((await json(project, "adapters gc --keep 1")).removed).toEqual([]); // --json alone removes nothing
  expect(await json(project, "adapters gc --keep 1 --older-than 3 --yes")).toMatchObject({
    removed: ["support-bot@2"],
  });
  expect(readdirSync(project.folder(2)).sort()).toEqual(["ft-lineage.json", "ft-removed.json"]);
  await run(project, "adapters gc --keep 0 --yes");
  expect(
    (await json(project, "adapters ls --all")).adapters.map((one: { version: number; removed: object | null }) => [
      one.version,
      one.removed !== null,
    ]),
  ).toEqual([
    [6, true],
    [5, true],
    [4, true],
    [3, false],
    [2, true],
    [1, false],
  ]);
  expect((await run(project, "adapters ls")).stderr).toContain("4 more whose weights were removed");
  expect((await run(project, "adapters show support-bot@6")).stdout).toContain("gc: older than the newest 0");
  expect(await run(project, "adapters promote support-bot@6")).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining("were removed"),
  });
  expect((await run(project, "adapters rollback support-bot")).exitCode).toBe(0);

  rmSync(join(project.dir, ".ft/ft.db")); // what was removed is known without the store too
  const again = await json(project, "adapters ls --all");
  expect(again.adapters).toHaveLength(6);
  expect(again.adapters[0]).toMatchObject({ version: 6, aliases: [] });
});

it("tells two versions apart by lineage, recipe, scores and weights", { timeout: minutes }, async () => {
  const project = await adapterProject({ versions: 2 });
  const found = await json(project, "adapters diff support-bot@1 support-bot@2");
  expect(found.lineage.map(({ key }: { key: string }) => key)).toEqual(["run", "created", "rows.data/tickets.jsonl"]);
  expect(found.recipe).toEqual([{ key: "train.epochs", a: 1, b: 2 }]);
  expect(found.scores).toEqual([{ metric: "exact_match", format: "percent", a: 0.51, b: 0.52, sameRows: true }]);
  const apart = found.weights.filter(({ distance }: { distance: number }) => distance > 1e-6);
  expect(apart).toHaveLength(1);
  const text = (await run(project, "adapters diff support-bot@1 support-bot@2")).stdout;
  expect(text).toContain("train.epochs  1");
  expect(Math.max(...text.split("\n").map((row) => row.length))).toBeLessThanOrEqual(80);
});

it("has one champion after a kill -9 at any moment of promote, rollback and push", {
  timeout: 4 * minutes,
}, async () => {
  const project = await adapterProject({ versions: 4 });
  const hub = await startFakeHub("me/bot", {}, { isNew: true });
  const env = { HF_ENDPOINT: hub.url, HF_TOKEN: "hf_secret" };
  await run(project, "adapters promote support-bot@1");
  await run(project, "adapters promote support-bot@2");
  const started = Date.now();
  await run(project, "adapters promote support-bot@3");
  const wholeMs = Date.now() - started;
  const random = seeded(20_261_127);
  let moves = 0;
  for (let round = 0; round < 20; round++) {
    const { champion, previous } = project.aliases()!.aliases;
    const other = [1, 2, 3, 4].find((version) => version !== champion)!;
    const command = [
      `adapters promote support-bot@${other}`,
      "adapters rollback support-bot",
      "adapters push support-bot@4 --repo me/bot",
    ][round % 3]!;
    const child = run(project, command, env);
    const killAfter = (ms: number) => setTimeout(() => child.kill("SIGKILL"), ms);
    // Anywhere in its life; soon after it began to write (the lock, the new file, the commit); or as soon as the new file stands.
    const when = (["anywhere", "writing", "written"] as const)[Math.floor(round / 3) % 3];
    const timers = when === "anywhere" ? [killAfter(random() * wholeMs * 1.3)] : [];
    const whenItWrites = () => void (timers.length === 0 && timers.push(killAfter(random() * 15)));
    const watcher = watch(join(project.dir, ".ft/aliases"), (_event, name) => {
      if (when === "writing" || name === "support-bot.json") whenItWrites();
    });
    hub.writes.onCommit = whenItWrites;
    await child;
    watcher.close();
    for (const timer of timers) clearTimeout(timer);
    const { aliases, history } = project.aliases()!;
    expect(
      ["champion", "previous"].filter((alias) => aliases[alias] === undefined),
      command,
    ).toEqual([]);
    expect(aliases.champion, command).not.toBe(aliases.previous);
    if (aliases.champion !== champion) {
      moves++;
      expect(aliases.previous).toBe(champion);
      expect(history.slice(-2)).toMatchObject([
        { alias: "champion", from: champion, to: aliases.champion },
        { alias: "previous" },
      ]);
    } else expect(aliases.previous).toBe(previous);
    expect((await run(project, "adapters show support-bot@champion")).exitCode).toBe(0);
    // A tag on the Hub is on a commit that has all of the version.
    for (const { files } of [hub.writes.refs.v4 ?? []].flat()) expect(files["adapter_model.safetensors"]).toBeDefined();
  }
  expect(moves, "some of the commands were done before the kill").toBeGreaterThan(0);
  expect((await run(project, "adapters push support-bot@4 --repo me/bot", env)).exitCode).toBe(0);
  expect(Object.keys(hub.writes.refs).sort()).toEqual(["main", "v4"]);
  expect(existsSync(join(project.dir, ".ft/aliases/support-bot.json"))).toBe(true);
  await hub.close();
});

function edit(file: string, change: (value: Record<string, unknown>) => Record<string, unknown>): void {
  writeFileSync(`${file}.new`, JSON.stringify(change(JSON.parse(readFileSync(file, "utf8")))));
  renameSync(`${file}.new`, file);
}

/** The same moments in each run of the test. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
