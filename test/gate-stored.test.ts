// `ft gate` on stored evaluations, through the built binary: champion and anchor by alias, what is missing and how to make it, and where the verdict is kept.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { findAdapter, listAdapters } from "../src/adapters/registry.js";
import type { ItemRecord } from "../src/eval/record.js";
import { keepEvaluation } from "../src/eval/record-store.js";
import { adapterSubject } from "../src/pipeline/suites/subject.js";
import { openStore } from "../src/store/open.js";
import { type AdapterProject, adapterProject } from "./adapter-project.js";
import { ft } from "./project.js";

const recipe = (more = "") =>
  `name: support-bot
model: { base: smollm2-135m }
method: lora
data: { train: a.jsonl }
eval: { suites: [{ name: tickets, type: generate, data: t.jsonl, scorers: [exact] }] }
gate: { min_items: 50${more} }
`;

/** Version `version` gets the items from `wrong[0]` to `wrong[1]` of 200 wrong. */
async function evaluated(
  { dir }: AdapterProject,
  version: number,
  wrong: readonly [number, number],
  { suite = "tickets", sha256 = "s1", failed = -1, clusters = 0 } = {},
): Promise<void> {
  const db = openStore(dir);
  const subject = adapterSubject(findAdapter(listAdapters(db, dir), `support-bot@${version}`));
  const metrics = [{ name: "exact", better: "higher" as const, format: "percent" as const, scale: [0, 1] as [0, 1] }];
  const items = Array.from(
    { length: 200 },
    (_, n): ItemRecord => ({
      ...{ item: `i${n}`, inputSha256: `h${n}`, promptSha256: null, slice: {}, output: "x" },
      cluster: clusters === 0 ? null : `c${n % clusters}`,
      scores: { exact: n === failed ? null : n >= wrong[0] && n < wrong[1] ? 0 : 1 },
      error: n === failed ? "exact: the scorer broke" : null,
      ...{ promptTokens: null, outputTokens: null, latencyMs: null, costUsd: null },
    }),
  );
  const known = { suite: { name: suite, type: "generate", sha256, metrics }, subject, decoding: { sampling: false } };
  const at = 1_700_000_000_000 + version;
  const made = { run: null, createdAt: at, endedAt: at, tools: { ft: "1" }, notes: {} };
  await keepEvaluation(db, dir, { ...known, ...made }, items);
  db.close();
}

let project: AdapterProject;
const json = async (...args: string[]) => {
  const { exitCode, stdout } = await ft(["gate", ...args, "--json"], project.dir);
  return { exitCode, ...JSON.parse(stdout) };
};
const promote = (version: number, ...more: string[]) =>
  ft(["adapters", "promote", `support-bot@${version}`, ...more], project.dir);

beforeAll(async () => {
  project = await adapterProject({ versions: 4 });
  writeFileSync(join(project.dir, "ft.yaml"), recipe());
  await evaluated(project, 1, [0, 60]);
  await evaluated(project, 2, [0, 20]);
  await evaluated(project, 3, [100, 180]);
});

it("decides by champion and anchor, keeps the verdict on candidate, and a later one takes its place", async () => {
  const first = await json("support-bot@1");
  expect(first).toMatchObject({ exitCode: 8, ok: false, verdict: "hold", champion: null, candidate: "support-bot@1" });
  expect(first.reasons[0]).toContain("no champion");
  expect((await promote(1)).exitCode).toBe(8);
  const accepted = await json("support-bot@1", "--accept-first");
  expect(accepted).toMatchObject({ exitCode: 0, verdict: "promote", rule: { accept_first: true, min_items: 50 } });
  expect(
    project.aliases()!.history.map(({ alias, to, verdict }) => [alias, to, (verdict as { verdict: string }).verdict]),
  ).toEqual([
    ["candidate", 1, "hold"],
    ["candidate", 1, "promote"],
  ]);
  await json("support-bot@1", "--accept-first");
  expect(project.aliases()!.history, "the same verdict again leaves no trace").toHaveLength(2);
  expect((await promote(1)).exitCode).toBe(0);

  const better = await json("support-bot@2");
  expect(better).toMatchObject({ exitCode: 0, champion: "support-bot@1", checks: [{ name: "tickets/exact", n: 200 }] });
  expect((await promote(2)).exitCode).toBe(0);
  const worse = await ft(["gate", "support-bot@3"], project.dir);
  expect([worse.exitCode, worse.stdout]).toEqual([8, expect.stringMatching(/^keep: support-bot@2 stays[\s\S]*60 %/)]);
  expect(project.aliases()!.aliases).toEqual({ champion: 2, previous: 1, candidate: 3 });

  await ft(["adapters", "tag", "support-bot@1", "anchor"], project.dir);
  const before = project.aliases()!.history.length;
  const loose = await json("support-bot@3", "--margin", "0.9");
  expect(loose).toMatchObject({ exitCode: 0, anchor: "support-bot@1" });
  expect(loose.checks.map(({ against }: { against: string }) => against)).toEqual(["champion", "anchor"]);
  // By a rule of one's own: nothing to promote by.
  expect(project.aliases()!.history).toHaveLength(before);
  expect((await promote(3)).exitCode).toBe(8);
});

it("holds where an evaluation is missing, another, or failed, and says what makes it", async () => {
  const missing = await json(); // the newest version
  expect(missing).toMatchObject({ exitCode: 8, verdict: "hold", candidate: "support-bot@4", checks: [] });
  expect(missing.reasons).toEqual([
    "tickets of support-bot@4: it was not evaluated on it; ft eval run support-bot@4 --suite tickets",
  ]);
  await evaluated(project, 4, [0, 20], { sha256: "s2" });
  const changed = (await json()).reasons as string[];
  expect(changed).toContainEqual(
    expect.stringMatching(/of support-bot@2: it was evaluated on other items.*ft eval run support-bot@4 support-bot@2/),
  );
  await evaluated(project, 2, [0, 20], { sha256: "s2" });
  await evaluated(project, 1, [0, 60], { sha256: "s2" });
  expect(await json()).toMatchObject({ exitCode: 0, verdict: "promote" }); // as the champion on each item, so not worse
  await evaluated(project, 4, [0, 10], { sha256: "s2", failed: 150 });
  expect((await json()).reasons[0]).toContain(
    "the candidate's evaluation failed on 1 of 200 items (i150) of tickets: exact: the scorer broke",
  );
});

it("refuses what would do nothing: the champion itself, flags of the other form", async () => {
  expect(await json("support-bot@champion")).toMatchObject({ exitCode: 2, error: { code: "gate.is-champion" } });
  for (const flags of [
    ["--champion", "a.jsonl"],
    ["--lower-is-better", "exact"],
    ["--loss-margin", "0.1"],
  ])
    expect(await json("support-bot@1", ...flags), flags[0]!).toMatchObject({
      exitCode: 2,
      error: { code: "usage.gate" },
    });
  expect(await json("support-bot@1", "--candidate", "a.jsonl")).toMatchObject({ exitCode: 2 });
});

it("ft eval show and compare name each version, interval and evaluation in full on a screen of 80 columns", async () => {
  const shown = (await ft(["eval", "show"], project.dir)).stdout;
  const words = shown.replaceAll(/\s+/g, " ");
  for (const version of [1, 2]) expect(words).toMatch(new RegExp(`support-(bot)?@${version} |bot@${version} `));
  expect(shown.split("\n").every((line) => line.length <= 80)).toBe(true);
  const compared = (await ft(["eval", "compare", "support-bot@1", "support-bot@2"], project.dir)).stdout;
  expect(compared).not.toContain("…");
});

it("ft eval compare and show do not take items in clusters that are all alike for certainty", async () => {
  for (const version of [1, 2])
    await evaluated(project, version, [0, 0], { suite: "grouped", sha256: "g", clusters: 50 });
  const compared = JSON.parse(
    (await ft(["eval", "compare", "support-bot@1", "support-bot@2", "--suite", "grouped", "--json"], project.dir))
      .stdout,
  );
  const { rows } = compared.suites[0].comparison;
  const { low, difference, high } = rows[0].against[0].result;
  expect([low < -0.005, difference, high > 0.005]).toEqual([true, 0, true]);
  const shown = (await ft(["eval", "show", "support-bot@1", "--suite", "grouped"], project.dir)).stdout;
  expect(shown).toMatch(/exact +100.0 % +9[45]\.\d % to 100.0 %/);
});
