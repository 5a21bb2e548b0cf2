// `ft ci` over some nights of one project, through the built binary: real training of the tiny model, a Hub and a webhook over real HTTP. The tests go in order.
import { createHmac } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTime } from "../src/start-time.js";
import { type FakeHub, startFakeHub } from "./fake-hub.js";
import { until } from "./fake-run.js";
import { nightlyRecipe, tickets } from "./nightly-recipe.js";
import { emptyFolder, ft, requiredEnv } from "./project.js";

const minutes = 60_000;
const dir = emptyFolder();
const home = emptyFolder();
let hub: FakeHub;
let webhook: Server;
const calls: { body: string; headers: Record<string, unknown> }[] = [];
/** What the webhook answers to the next calls; then 200. */
const answers: number[] = [];
const env = () => ({
  ...{ HF_ENDPOINT: hub.url, HF_HOME: home, HF_TOKEN: "hf_secret" },
  ...{ HOOK: `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/T00/path-is-secret`, HOOK_SECRET: "s3cret" },
});
const ci = (args: string[] = [], more: Record<string, string> = {}) => ft(["ci", ...args], dir, { ...env(), ...more });
const train = (text: string) => writeFileSync(join(dir, "train.jsonl"), text);
const state = () => JSON.parse(readFileSync(join(dir, ".ft/ci/tiny.json"), "utf8"));
const aliases = () => JSON.parse(readFileSync(join(dir, ".ft/aliases/tiny.json"), "utf8")).aliases;
const runs = () => readdirSync(join(dir, ".ft/runs")).length;

beforeAll(async () => {
  hub = await startFakeHub("me/tiny", {}, { isNew: true });
  webhook = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      calls.push({ body, headers: request.headers });
      response.writeHead(answers.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => webhook.listen(0, "127.0.0.1", resolve));
  train(tickets(0, 24));
  writeFileSync(join(dir, "eval.jsonl"), tickets(1_000, 60));
  const alerts =
    "alerts: { webhook: { url_env: HOOK, secret_env: HOOK_SECRET }, on: [failure, hold, keep, rollback] }\n";
  writeFileSync(join(dir, "ft.yaml"), nightlyRecipe("epochs: 1", alerts));
});

afterAll(async () => {
  webhook.close();
  await hub.close();
});

it("holds where there is no champion, tells it everywhere, and --accept-first promotes it without training again", {
  timeout: 10 * minutes,
}, async () => {
  const summary = join(dir, "step-summary.md");
  writeFileSync(summary, "what was there\n");
  const reports = ["--junit", "ci.xml", "--summary", "ci.md", "--html", "ci.html"];
  const github = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary, GITHUB_ACTOR: "ada" };
  const held = await ci(reports, github);
  expect(held.exitCode, held.stderr).toBe(8);
  expect(held.stdout).toMatch(
    /ft ci tiny: held[\s\S]*candidate +tiny@1[\s\S]*gate: hold[\s\S]*heldout\/nll \* +[\d.]+ +60\b[\s\S]*no champion to compare with/,
  );
  expect(held.stderr).toMatch(/^::error title=ft tiny%3A tiny@1 is not promoted \(hold\)::there is no champion/m);
  expect(readFileSync(summary, "utf8")).toMatch(/^what was there\n## ft ci tiny: held/);
  expect(readFileSync(join(dir, "ci.md"), "utf8")).toMatch(/^## ft ci tiny: held/);
  expect(readFileSync(join(dir, "ci.html"), "utf8")).toContain("<title>ft ci tiny: held</title>");
  expect(readFileSync(join(dir, "ci.xml"), "utf8")).toMatch(
    /name="training" time="[\d.]+"\/>[\s\S]*name="gate" [^>]*>\s*<failure type="hold"[\s\S]*name="push">\s*<skipped/,
  );
  const { body, headers } = calls[0]!;
  expect(JSON.parse(body).text).toMatch(/^\*ft tiny: held: a person has to look\*\n.*no champion/);
  const stamp = headers["x-ft-timestamp"];
  expect(headers["x-ft-signature"]).toBe(
    `sha256=${createHmac("sha256", "s3cret").update(`${stamp}.${body}`).digest("hex")}`,
  );
  expect([aliases(), hub.requests.filter((line) => !line.startsWith("GET"))]).toEqual([{ candidate: 1 }, []]);

  // It stays held, and says so, until a person decides; nobody is told again.
  const still = await ci(["--json"]);
  expect(still.exitCode, still.stderr).toBe(8);
  expect(JSON.parse(still.stdout)).toMatchObject({ ok: false, outcome: "held", again: true, trained: false });
  expect(still.stderr).toMatch(/note: tiny@1 waits until.*ft adapters promote tiny@1 --force/);
  await ft(["adapters", "tag", "tiny@1", "candidate", "--remove", "--why", "too few tickets"], dir);
  const rests = JSON.parse((await ci(["--json"])).stdout);
  expect([rests.outcome, rests.summary]).toEqual(["unchanged", expect.stringContaining("took the name candidate off")]);
  await ft(["adapters", "tag", "tiny@1", "candidate"], dir);
  expect(calls).toHaveLength(1);

  // The Hub is down while it is promoted: it stays promoted, and the next night brings it there.
  hub.behaviour.refuse = { of: /^POST/, status: 403, times: 99 };
  answers.push(503); // The webhook is tried again.
  const accepted = await ci(["--accept-first", "--junit", "ci.xml", "--json"]);
  expect(accepted.exitCode, accepted.stderr).toBe(11);
  expect(JSON.parse(accepted.stdout)).toMatchObject({
    ...{ ok: false, outcome: "failed", adapter: "tiny@1", champion: "tiny@1", decision: { verdict: "promote" } },
    error: { code: "hub.forbidden", exit: 11 },
  });
  expect(aliases()).toEqual({ champion: 1 });
  expect(readFileSync(join(dir, "ci.xml"), "utf8")).toMatch(/name="push" [^>]*>\s*<error type="hub.forbidden"/);
  expect(calls.map(({ body }) => JSON.parse(body).text.split("\n")[0])).toEqual([
    "*ft tiny: held: a person has to look*",
    ...Array(2).fill("*ft tiny: failed*"),
  ]);
  hub.behaviour.refuse = null;
  const pushed = JSON.parse((await ci(["--json"])).stdout);
  expect(pushed).toMatchObject({
    ok: true,
    outcome: "promoted",
    champion: "tiny@1",
    trained: false,
    hub: { isNew: true },
  });
  // The card names no folder of this machine.
  const card = hub.writes.refs.v1!.files["README.md"]!.toString();
  const model = requiredEnv("FT_TEST_TINY_MODEL");
  expect([card.includes(model), card.includes(basename(model)), card.includes("base_model")]).toEqual([
    false,
    true,
    false,
  ]);
  expect(runs()).toBe(1);
});

it("trains nothing when nothing changed: 0, or 9 with --exit-code", { timeout: 5 * minutes }, async () => {
  const [asked, told] = [hub.requests.length, calls.length];
  const night = await ci(["--exit-code", "--json"]);
  expect(night.exitCode, night.stderr).toBe(9);
  expect(JSON.parse(night.stdout)).toMatchObject({ ok: true, outcome: "unchanged", adapter: "tiny@1", trained: false });
  expect((await ci(["--md"])).stdout).toMatch(/^## ft ci tiny: unchanged\n\nnothing changed: tiny@\S?1 is champion/);
  // Killed between the promotion and what it notes of it: gone on with, and nothing is done twice.
  writeFileSync(join(dir, ".ft/ci/tiny.json"), JSON.stringify({ ...state(), phase: "judging" }));
  const goneOn = JSON.parse((await ci(["--json"])).stdout);
  expect(goneOn).toMatchObject({ outcome: "promoted", continues: expect.any(Number), trained: false, hub: null });
  expect(state().phase).toBe("done");
  expect([runs(), hub.requests.length, calls.length]).toEqual([1, asked, told]);

  // What is measured trains nothing anew.
  writeFileSync(join(dir, "lamps.jsonl"), tickets(2_000, 5));
  const recipe = readFileSync(join(dir, "ft.yaml"), "utf8");
  const suite = "{ name: lamps, type: generate, data: lamps.jsonl, max_new_tokens: 1, scorers: [chrf] }";
  writeFileSync(join(dir, "ft.yaml"), recipe.replace("max_new_tokens: 1 }", `max_new_tokens: 1, suites: [${suite}] }`));
  const measured = await ci(["--exit-code"]);
  expect([measured.exitCode, runs()]).toEqual([9, 1]);
  const run = await ft(["run"], dir, env());
  expect([run.exitCode, runs()]).toEqual([0, 1]);
  expect(run.stderr).toMatch(
    /nothing changed since run[\s\S]*note: the recipe has another eval since.*ft eval run tiny@1/,
  );
});

it("keeps the champion when labels are poisoned; one at a time, and a night that was killed is gone on with", {
  timeout: 10 * minutes,
}, async () => {
  train(tickets(0, 96, (n) => `no idea what ${n * 31} could be`));
  const killed = ci();
  await until(() => existsSync(join(dir, ".ft/ci/tiny.json")) && state().phase === "training", 5 * minutes);
  const second = await ci(["--json"]);
  expect([second.exitCode, JSON.parse(second.stdout).error.code]).toEqual([12, "ci.running"]);
  expect(second.stderr).toMatch(new RegExp(`process ${killed.pid} on \\S+, since 2`));
  killed.kill("SIGTERM");
  expect(await killed).toMatchObject({
    exitCode: 10,
    stderr: expect.stringContaining("the next ft ci goes on with it"),
  });
  const again = ci();
  await until(() => existsSync(join(dir, ".ft/ci/tiny.json.lock")), minutes);
  again.kill("SIGKILL");
  await again;
  const begun = state().run;

  const kept = await ci(["--json"]);
  expect(kept.exitCode, kept.stderr).toBe(8);
  expect(kept.stderr).toMatch(/going on with the night of \S+, which ended while it was training/);
  const night = JSON.parse(kept.stdout);
  expect(night).toMatchObject({
    ...{ ok: false, outcome: "kept", run: begun, trained: true, adapter: "tiny@2", champion: "tiny@1", hub: null },
    decision: { verdict: "keep", checks: [{ name: "heldout/nll", n: 60, passed: false }] },
    data: { before: "tiny@1", rows: { before: 24, after: 96, changed: 24, added: 72 } },
  });
  expect([runs(), aliases()]).toEqual([2, { champion: 1, candidate: 2 }]);
  expect(JSON.parse(calls.at(-1)!.body).text).toMatch(/^\*ft tiny: kept the champion\*\nkeep: heldout\/nll is/);
  expect((await ft(["adapters", "promote", "tiny@2"], dir)).exitCode).toBe(8);

  const later = await ci(["--json"]);
  expect([later.exitCode, JSON.parse(later.stdout).outcome, runs()]).toEqual([0, "unchanged", 2]);
});

it("promotes and pushes what good data make; a rollback serves the version before, and the next night leaves it so and sees that it is on the Hub", {
  timeout: 10 * minutes,
}, async () => {
  train(tickets(0, 96));
  // More rows are held out since the champion was evaluated: it is evaluated on them too.
  writeFileSync(join(dir, "eval.jsonl"), tickets(1_000, 70));
  // While it judges someone makes the poisoned version the anchor: it asks the gate anew, with that one evaluated.
  const night = ci([], { HOOK: "" });
  const [file, lock] = [".json", ".json.lock"].map((end) => join(dir, `.ft/aliases/tiny${end}`));
  await until(() => state().phase === "evaluating", 5 * minutes);
  const owner = { pid: process.pid, host: hostname(), since: Date.now(), startTime: await startTime(process.pid) };
  writeFileSync(lock!, JSON.stringify(owner));
  await until(() => state().verdict === "promote", 5 * minutes);
  const stood = JSON.parse(readFileSync(file!, "utf8"));
  writeFileSync(file!, JSON.stringify({ ...stood, aliases: { ...stood.aliases, anchor: 2 } }));
  rmSync(lock!);
  const { exitCode, stdout, stderr } = await night;
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toMatch(/anchor of tiny was moved by someone else meanwhile.*judged anew/);
  expect(stderr).toMatch(/answers of tiny@1: \d+ of 70[\s\S]*answers of tiny@2: \d+ of 70/);
  expect(stdout).toMatch(
    /ft ci tiny: promoted\ntiny@3 takes the place of tiny@1[\s\S]*heldout\/nll.* 70\b[\s\S]*drift/,
  );
  expect(hub.writes.refs.v3!.files["README.md"]!.toString()).toMatch(
    /\| suite \| metric \|.*\n\| ---.*\n\| lamps \| chrf \| not evaluated \| [\d.]+ % \| .* \| 5 \|/,
  );
  expect([aliases(), Object.keys(hub.writes.refs).sort()]).toEqual([
    { champion: 3, previous: 1, candidate: 2, anchor: 2 },
    ["main", "v1", "v3"],
  ]);
  const history = JSON.parse(readFileSync(join(dir, ".ft/aliases/tiny.json"), "utf8")).history;
  expect(history.at(-1)).toMatchObject({
    ...{ why: "ft ci", verdict: { verdict: "promote", against: { champion: 1, anchor: 2 } } },
  });

  expect((await ft(["adapters", "rollback", "tiny", "--why", "complaints"], dir, env())).exitCode).toBe(0);
  expect(aliases()).toMatchObject({ champion: 1, previous: 3 });
  expect(JSON.parse(calls.at(-1)!.body).text).toMatch(/^\*ft tiny: rolled back\*[\s\S]*tiny@1[\s\S]*- complaints/);
  delete hub.writes.refs.v1; // as if its push had failed: the champion is brought there, though tonight's recipe and data make another version
  const caughtUp = await ci(["--exit-code", "--json"]);
  const after = JSON.parse(caughtUp.stdout);
  expect(after).toMatchObject({ outcome: "unchanged", champion: "tiny@1", hub: { isNew: true } });
  expect(after.summary).toContain("tiny@3, which this recipe and data make, was champion until");
  expect(after.notices).toContain("tiny@1, the champion, was not on me/tiny yet: pushed");
  expect([caughtUp.exitCode, Object.keys(hub.writes.refs).sort()]).toEqual([0, ["main", "v1", "v3"]]);
  expect(aliases()).toMatchObject({ champion: 1, previous: 3 });
  const asked = hub.requests.length;
  expect([(await ci(["--exit-code"])).exitCode, hub.requests.length]).toEqual([9, asked]);
});

it("a night that fails keeps everything, names file and line, and tells it, without the webhook's address when that fails", {
  timeout: 5 * minutes,
}, async () => {
  train(`${tickets(0, 3)}{"messages": [}\n`);
  const before = aliases();
  answers.push(400);
  const failed = await ci(["--junit", "ci.xml", "--json"], { GITHUB_ACTIONS: "true" });
  expect(JSON.parse(failed.stdout)).toMatchObject({ outcome: "failed", championBefore: "tiny@1", champion: "tiny@1" });
  expect([failed.exitCode, aliases(), runs()]).toEqual([4, before, 3]);
  expect(failed.stderr).toMatch(/^::error file=train.jsonl,line=4,title=ft tiny::/m);
  expect(failed.stderr).toContain("note: no alert reached the webhook of HOOK: it answered HTTP 400");
  expect(failed.stderr).not.toMatch(/path-is-secret|s3cret|hf_secret/);
  expect(readFileSync(join(dir, "ci.xml"), "utf8")).toMatch(/name="data" [^>]*>\s*<error type="data.invalid"/);
  train(tickets(0, 5));
  const elsewhere = await ci(["--on", "nowhere"]);
  expect([elsewhere.exitCode, elsewhere.stderr]).toEqual([2, expect.stringContaining("nowhere")]);
  rmSync(join(dir, "ci.xml"));
  writeFileSync(join(dir, "mine.xml"), "not a report");
  expect((await ci(["--junit", "mine.xml"])).exitCode).toBe(2);
  writeFileSync(join(dir, ".ft/aliases/tiny.json"), "{");
  const torn = await ci(["--junit", "ci.xml"]);
  expect([torn.exitCode, torn.stderr]).toEqual([6, expect.stringContaining("the aliases of tiny cannot be read")]);
  expect(readFileSync(join(dir, "ci.xml"), "utf8")).toContain("the aliases of tiny cannot be read");
});

it("a recipe with a mistake is in every report, in place of those of the night before", {
  timeout: 2 * minutes,
}, async () => {
  const there = emptyFolder();
  writeFileSync(join(there, "nightly.yaml"), "name: tiny\ntrain:\n  learning_rat: 1\n");
  writeFileSync(join(there, "ci.xml"), '<?xml version="1.0"?>\n<testsuites name="ft ci tiny"/>\n');
  const step = join(there, "step.md");
  const reports = ["--junit", "ci.xml", "--summary", "ci.md", "--html", "ci.html"];
  const failed = await ft(["ci", "nightly.yaml", ...reports, "--json"], there, {
    ...{ GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: step },
  });
  expect(failed.exitCode).toBe(3);
  expect(JSON.parse(failed.stdout)).toMatchObject({ ok: false, outcome: "failed", error: { code: "recipe.invalid" } });
  expect(failed.stderr).toMatch(/^::error file=nightly.yaml,line=3,col=3,title=ft nightly::unknown key/m);
  expect(readFileSync(join(there, "ci.xml"), "utf8")).toMatch(/name="data">\s*<error type="recipe.invalid"/);
  for (const file of ["ci.md", "step.md"])
    expect(readFileSync(join(there, file), "utf8")).toMatch(/## ft ci nightly: failed.*nightly.yaml:3:3: unknown key/s);
  expect(readFileSync(join(there, "ci.html"), "utf8")).toMatch(/unknown key train.learning_rat.*next: /s);
});
