// `ft gate` through the built binary, on files of scores: what it decides, what it says, and every way we know to fool it into promoting.
import { linkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { emptyFolder, ft } from "./project.js";

vi.setConfig({ testTimeout: 180_000 }); // some start ft a dozen times

interface Line {
  item: string | number;
  metric: string;
  score: number | boolean | null;
  [more: string]: unknown;
}

const n = 400;
const items = (count = n) => Array.from({ length: count }, (_, i) => i);

/** Right on all items but every tenth. `lost`, `won`: how many the candidate then gets wrong or right that the champion has otherwise. */
function exact({ lost = 0, won = 0, count = n, metric = "exact_match" } = {}): Line[] {
  return items(count).map((i) => {
    const right = i % 10 !== 0;
    const turned = right ? i % 10 === 1 && i < 10 * lost : i < 10 * won;
    return { item: `ticket-${i}`, metric, score: right !== turned ? 1 : 0 };
  });
}

/** Losses about 1, `factor` times the champion's, with noise that is not the same for two seeds. */
function losses(factor: number, seed: number, count = n): Line[] {
  return items(count).map((i) => {
    const noise = Math.sin(seed * 1000 + i * 12.9898) * 0.05;
    return { item: `ticket-${i}`, metric: "loss", score: (1 + 0.5 * Math.sin(i)) * factor * (1 + noise) };
  });
}

const jsonLines = (lines: object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join("");

interface Files {
  champion?: Line[] | string;
  candidate: Line[] | string;
  anchor?: Line[] | string;
}

async function gate(files: Files, ...flags: string[]) {
  const cwd = emptyFolder();
  const named = Object.entries(files).flatMap(([side, lines]) => {
    writeFileSync(join(cwd, `${side}.jsonl`), typeof lines === "string" ? lines : jsonLines(lines));
    return [`--${side}`, `${side}.jsonl`];
  });
  const { exitCode, stdout, stderr } = await ft(["gate", ...named, ...flags, "--json"], cwd);
  return { exitCode, stderr, json: JSON.parse(stdout) };
}

describe("ft gate", () => {
  it("says of a score that is no number just that, and shows no NaN", async () => {
    const cwd = emptyFolder();
    const broken = exact({ won: 20 }).map((line, i) => (i === 3 ? { ...line, score: null } : line));
    writeFileSync(join(cwd, "now.jsonl"), jsonLines(exact()));
    writeFileSync(join(cwd, "new.jsonl"), jsonLines(broken));
    const { exitCode, stdout } = await ft(["gate", "--champion", "now.jsonl", "--candidate", "new.jsonl"], cwd);
    expect(exitCode).toBe(8);
    expect(stdout).toContain("no number for exact_match on 1 of 400 items (ticket-3)");
    expect(stdout).not.toMatch(/NaN|by exactly the same/);
    writeFileSync(join(cwd, "none.jsonl"), "");
    const none = await ft(
      ["gate", "--champion", "now.jsonl", "--candidate", "none.jsonl", "--primary", "exact_match"],
      cwd,
    );
    expect(none.exitCode).toBe(8);
    expect(none.stdout).toContain("not measured; nothing was");
  });

  it("holds where finite scores have no finite mean", async () => {
    const huge = (size: number) => items().map((i) => ({ item: i, metric: "gain", score: i % 3 ? 1 : size }));
    const { exitCode, json } = await gate(
      { champion: huge(2), candidate: huge(1e308) },
      ...["--higher-is-better", "gain", "--margin", "gain=0.5"],
    );
    expect(exitCode).toBe(8);
    expect(json.verdict).toBe("hold");
    expect(json.reasons.join()).toContain("gain has no mean");
  });

  it("promotes a better candidate with exit code 0, in JSON of a stable shape", async () => {
    const { exitCode, json } = await gate({ champion: exact(), candidate: exact({ lost: 4, won: 16 }) });
    expect(exitCode).toBe(0);
    expect(Object.keys(json)).toEqual(["ok", "verdict", "reasons", "checks", "rule"]);
    expect(json).toMatchObject({ ok: true, verdict: "promote" });
    expect(json.reasons[0]).toBe(
      "exact_match is 93 % against the champion's 90 % on 400 items: better by 1.3 points at least, with 95 % confidence",
    );
    expect(json.checks).toHaveLength(1);
    expect(json.checks[0]).toMatchObject({
      ...{
        name: "exact_match",
        role: "primary",
        against: "champion",
        suite: "",
        metric: "exact_match",
        better: "higher",
      },
      ...{ n: 400, reference: 0.9, candidate: 0.93, margin: 0.02, passed: true, method: "score", clusters: null },
    });
    expect(json.checks[0].bound).toBeCloseTo(0.013, 3);
  });

  it("keeps the champion, with exit code 8, where the candidate is worse or the items can't tell", async () => {
    const worse = await gate({ champion: exact(), candidate: exact({ lost: 30, won: 6 }) });
    expect(worse).toMatchObject({ exitCode: 8, json: { ok: false, verdict: "keep" } });
    expect(worse.json.reasons).toEqual([
      "exact_match is 84 % against the champion's 90 % on 400 items: worse by 6.0 points (allowed: 2.0 points)",
    ]);
    const unsure = await gate({ champion: exact(), candidate: exact({ lost: 22, won: 22 }) });
    expect(unsure.json.verdict).toBe("keep");
    expect(unsure.json.reasons[0]).toMatch(
      /at worst 2\.8 points lower.*So few items can't tell: with some 1,7\d\d a candidate just as good would pass 4 times in 5/,
    );
  });

  it("shows verdict, reasons and a table within 80 columns", async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, "now.jsonl"), jsonLines([...exact(), ...losses(1, 1)]));
    writeFileSync(join(cwd, "new.jsonl"), jsonLines([...exact({ won: 12 }), ...losses(1.04, 2)]));
    const { stdout, exitCode } = await ft(
      ["gate", "--champion", "now.jsonl", "--candidate", "new.jsonl", "--primary", "exact_match"],
      cwd,
      { COLUMNS: "80" },
    );
    expect(exitCode).toBe(8);
    const lines = stdout.split("\n");
    expect(lines[0]).toBe("keep: now.jsonl stays");
    expect(stdout).toMatch(/^ok {2}exact_match \* {6}90 % {7}93 % {4}\+3\.0 pts {2}\+1\.\d pts {2}−2\.0 pts {2}400$/m);
    expect(stdout).toMatch(/^no {2}loss .* \+\d\.\d % {2,}\+\d\.\d % {4}\+1\.0 % {2}400$/m);
    expect(Math.max(...lines.filter((line) => /^(ok|no|─)/.test(line)).map((line) => line.length))).toBeLessThanOrEqual(
      80,
    );
  });

  it("holds the candidate to the anchor too, so that small losses don't add up", async () => {
    const champion = exact({ lost: 14 });
    const candidate = exact({ lost: 16 });
    expect((await gate({ champion, candidate })).json.verdict).toBe("promote");
    const { json } = await gate({ champion, candidate, anchor: exact() });
    expect(json).toMatchObject({ verdict: "keep" });
    expect(json.reasons[0]).toContain("against the anchor's 90 %");
  });

  it("takes its rule from flags and from a recipe", async () => {
    const files = {
      champion: [...exact(), ...exact({ metric: "json_valid" })],
      candidate: [...exact({ won: 9 }), ...exact({ lost: 7, metric: "json_valid" })],
    };
    const verdict = async (...flags: string[]) => (await gate(files, ...flags)).json.verdict;
    expect(await verdict()).toBe("keep");
    expect(await verdict("--margin", "0.04")).toBe("promote");
    expect(await verdict("--margin", "json_valid=0.04")).toBe("promote");
    expect(await verdict("--margin", "json_valid=5%")).toBe("promote");
    expect(await verdict("--primary", "exact_match", "--guard-margin", "0.04")).toBe("promote");
    expect(await verdict("--confidence", "0.6", "--margin", "0.021")).toBe("promote");
    expect(await verdict("--margin", "0.04", "--min-items", "401")).toBe("hold");
    expect(await verdict("--margin", "0.04", "--floor", "exact_match=0.93")).toBe("keep");
    const recipe = join(emptyFolder(), "ft.yaml");
    writeFileSync(
      recipe,
      `name: a\nmodel: { base: smollm2-135m }\nmethod: lora\ndata: { train: a.jsonl }\ngate: { primary: exact_match, guard_margin: 0.04 }\n`,
    );
    expect(await verdict("--recipe", recipe)).toBe("promote");
    expect(await verdict("--recipe", recipe, "--guard-margin", "0.01")).toBe("keep");
  });

  it("knows losses by their name, and other metrics' direction by a flag", async () => {
    const of = (metric: string, factor: number, seed: number) =>
      losses(factor, seed).map((line) => ({ ...line, metric }));
    const both = (metric: string, factor: number) => ({ champion: of(metric, 1, 1), candidate: of(metric, factor, 2) });
    expect((await gate(both("eval_loss", 0.95))).json.verdict).toBe("promote");
    expect((await gate(both("eval_loss", 1.05))).json.verdict).toBe("keep");
    expect((await gate(both("eval_loss", 1.05), "--loss-margin", "0.1")).json.verdict).toBe("promote");
    expect((await gate(both("drift", 1.05), "--margin", "drift=0.01")).json.verdict).toBe("promote");
    expect((await gate(both("drift", 1.05), "--margin", "drift=0.01", "--lower-is-better", "drift")).json.verdict).toBe(
      "keep",
    );
    expect((await gate(both("error_gain", 1.05), "--margin", "error_gain=0.01")).json.verdict).toBe("keep");
    expect(
      (await gate(both("error_gain", 1.05), "--margin", "error_gain=0.01", "--higher-is-better", "error_gain")).json
        .verdict,
    ).toBe("promote");
    const assumed = "note: taken as higher is better, as the name does not say for sure: drift; otherwise: --lower";
    expect((await gate(both("drift", 1.05), "--margin", "drift=0.01")).stderr).toContain(assumed);
    for (const flags of [
      ["--higher-is-better", "drift"],
      ["--lower-is-better", "drift"],
    ])
      expect((await gate(both("drift", 1.05), "--margin", "drift=0.01", ...flags)).stderr).not.toContain("taken as");
    expect((await gate(both("logLoss", 1.05))).json.verdict).toBe("keep");
    const unknown = await gate(both("bleu", 1.05));
    expect(unknown).toMatchObject({ exitCode: 8, json: { verdict: "hold" } });
    expect(unknown.json.reasons[0]).toMatch(/^bleu has no scale .*--margin bleu=/);
  });

  it("accepts the first candidate only when told, and never below a floor", async () => {
    const candidate = exact();
    const held = await gate({ candidate });
    expect(held).toMatchObject({ exitCode: 8, json: { verdict: "hold" } });
    expect(held.json.reasons[0]).toContain("there is no champion");
    expect(await gate({ candidate }, "--accept-first")).toMatchObject({ exitCode: 0, json: { verdict: "promote" } });
    expect((await gate({ candidate }, "--accept-first", "--floor", "exact_match=0.95")).exitCode).toBe(8);
    expect((await gate({ candidate: exact({ count: 20 }) }, "--accept-first")).json.verdict).toBe("hold");
    expect((await gate({ champion: exact(), candidate: exact({ lost: 30 }) }, "--accept-first")).json.verdict).toBe(
      "keep",
    );
  });

  it("counts groups, not items, where items come in groups", async () => {
    const grouped = (lines: Line[], size: number) =>
      lines.map((line, i) => ({ ...line, cluster: Math.floor(i / size) }));
    // One group in four lost what three won: by items clear, by groups not.
    const turn = (line: Line, i: number) => ({ ...line, score: Math.floor(i / 10) % 4 === 0 ? 0 : 1 });
    const before = (line: Line, i: number) => ({ ...line, score: Math.floor(i / 10) % 4 === 1 ? 0 : 1 });
    const champion = grouped(exact().map(before), 10);
    const candidate = grouped(
      exact().map((line, i) => (i < 360 ? turn(line, i) : { ...line, score: 1 })),
      10,
    );
    const byItems = await gate({
      champion: champion.map(({ cluster: _, ...line }) => line),
      candidate: candidate.map(({ cluster: _, ...line }) => line),
    });
    const byGroups = await gate({ champion, candidate });
    expect(byGroups.json.checks[0]).toMatchObject({ clusters: 40, method: "bootstrap", passed: false });
    expect(byGroups.json.checks[0].bound).toBeLessThan(2 * byItems.json.checks[0].bound);
    const few = await gate({ champion: grouped(exact(), 40), candidate: grouped(exact({ won: 20 }), 40) });
    expect(few.json).toMatchObject({ verdict: "hold" });
    expect(few.json.reasons[0]).toContain("come in 10 clusters; 20 are needed");
    expect(
      (
        await gate(
          { champion: grouped(exact(), 40), candidate: grouped(exact({ won: 20 }), 40) },
          ...["--min-clusters", "5", "--margin", "0.25"],
        )
      ).json.verdict,
    ).toBe("promote");
  });

  it("groups of which none was wholly lost do not say that none could be: it takes as many groups as it takes items", async () => {
    const grouped = (lines: Line[], size: number) =>
      lines.map((line, i) => ({ ...line, cluster: Math.floor(i / size) }));
    const noise = exact({ count: 800, lost: 4, won: 4 });
    const of = (size: number) =>
      gate({ champion: grouped(exact({ count: 800 }), size), candidate: grouped(noise, size) });
    const few = await of(20);
    expect([few.json.verdict, few.json.reasons]).toEqual([
      "hold",
      [expect.stringContaining("800 items of exact_match in 40 clusters are too few for this margin")],
    ]);
    expect((await of(4)).json).toMatchObject({ verdict: "promote", checks: [{ clusters: 200 }] });
  });

  it("holds where a metric with a floor alone has broken scores, or has them on other items", async () => {
    const rule = ["--recipe", join(emptyFolder(), "ft.yaml")];
    writeFileSync(
      rule[1]!,
      "name: a\nmodel: { base: smollm2-135m }\nmethod: lora\ndata: { train: a.jsonl }\ngate: { primary: exact_match, guards: [], floors: { f1: 0.5 } }\n",
    );
    const scored = (score: (i: number) => Line["score"] | undefined): Line[] =>
      exact().flatMap((line, i) => {
        const value = score(i);
        return value === undefined ? [line] : [line, { item: line.item, metric: "f1", score: value }];
      });
    const champion = scored(() => 0.4);
    const verdict = async (score: Parameters<typeof scored>[0]) =>
      (await gate({ champion, candidate: scored(score) }, ...rule)).json.verdict;
    expect(await verdict(() => 0.6)).toBe("promote");
    expect(await verdict((i) => (i === 7 ? null : 0.6))).toBe("hold");
    expect(await verdict((i) => (i < 200 ? 0.6 : undefined))).toBe("hold");
  });

  const better = exact({ won: 30 });
  const change = (lines: Line[], at: number, more: object): Line[] =>
    lines.map((line, i) => (i === at ? { ...line, ...more } : line));
  const hashed = (lines: Line[], hash: string) => lines.map((line) => ({ ...line, inputSha256: hash }));

  it.each<[string, Files, string]>([
    [
      "a score that is NaN",
      { champion: exact(), candidate: jsonLines(better).replace('"score":1', '"score":NaN') },
      "has no number",
    ],
    [
      "an infinite score",
      { champion: exact(), candidate: jsonLines(better).replace('"score":1', '"score":1e999') },
      "has no number",
    ],
    ["a score of null", { champion: exact(), candidate: change(better, 5, { score: null }) }, "has no number"],
    ["NaN in the champion", { champion: change(exact(), 5, { score: null }), candidate: better }, "evaluate it again"],
    [
      "NaN in the anchor",
      { champion: exact(), candidate: better, anchor: change(exact(), 5, { score: null }) },
      "the anchor has no number",
    ],
    [
      "an item whose evaluation failed",
      { champion: exact(), candidate: change(better, 5, { error: "CUDA out of memory" }) },
      "CUDA out of memory",
    ],
    ["an empty candidate", { champion: exact(), candidate: "" }, "the candidate has no results"],
    ["an empty champion", { champion: "", candidate: better }, "the champion has no results"],
    ["nothing at all", { champion: "", candidate: "" }, "has no results"],
    ["one item", { champion: exact({ count: 1 }), candidate: exact({ count: 1, won: 1 }) }, "1 item; 100 are needed"],
    ["only the easy items", { champion: exact(), candidate: better.slice(0, 390) }, "no result for 10 of 400 items"],
    [
      "items that the champion never saw",
      { champion: exact(), candidate: [...better, ...change(better, 0, { item: "extra" }).slice(0, 1)] },
      "the champion has no result for 1 of 401",
    ],
    [
      "renamed items",
      { champion: exact(), candidate: better.map((line) => ({ ...line, item: `new-${line.item}` })) },
      "no result for 400 of 400",
    ],
    [
      "a dropped metric",
      { champion: [...exact(), ...exact({ metric: "json_valid" })], candidate: better },
      "no results for json_valid",
    ],
    [
      "a metric that is new",
      { champion: exact(), candidate: [...better, ...exact({ metric: "json_valid" })] },
      "the champion has no results for json_valid",
    ],
    [
      "a metric left away on hard items",
      {
        champion: [...exact(), ...exact({ metric: "f1" })],
        candidate: [...better, ...exact({ metric: "f1" }).filter(({ score }) => score)],
      },
      "only one of candidate and champion has a score",
    ],
    ["other questions", { champion: hashed(exact(), "a"), candidate: hashed(better, "b") }, "were not asked the same"],
    [
      "questions that only one side tells",
      { champion: exact(), candidate: hashed(better, "b") },
      "were not asked the same",
    ],
    [
      "other groups",
      { champion: exact(), candidate: better.map((line, i) => ({ ...line, cluster: i % 50 })) },
      "have other clusters",
    ],
    [
      "the champion as candidate",
      { champion: [...exact(), ...losses(1, 1)], candidate: [...exact(), ...losses(1, 1)] },
      "the same model was evaluated twice",
    ],
    [
      "losses that are exactly the champion's",
      { champion: [...exact(), ...losses(1, 1)], candidate: [...better, ...losses(1, 1)] },
      "no model does that",
    ],
    [
      "losses that are all lower by the same",
      {
        champion: losses(1, 1),
        candidate: losses(1, 1).map((line) => ({ ...line, score: (line.score as number) - 0.25 })),
      },
      "no model does that",
    ],
    [
      "so few items that nothing could be seen",
      { champion: exact({ count: 110 }), candidate: exact({ count: 110, won: 1, lost: 1 }) },
      "too few for this margin",
    ],
  ])("holds at %s", async (_, files, reason) => {
    const { exitCode, json } = await gate(files);
    expect([exitCode, json.ok, json.verdict]).toEqual([8, false, "hold"]);
    expect(json.reasons.join("\n")).toContain(reason);
  });

  it("promotes a candidate that answers each yes-or-no item as the champion does, but not a file against itself", async () => {
    const same = await gate({ champion: exact(), candidate: exact() });
    expect([same.exitCode, same.json.verdict]).toEqual([0, "promote"]);
    const cwd = emptyFolder();
    writeFileSync(join(cwd, "a.jsonl"), jsonLines(exact()));
    linkSync(join(cwd, "a.jsonl"), join(cwd, "hard.jsonl"));
    writeFileSync(join(cwd, "b.jsonl"), jsonLines(exact({ won: 20 })));
    const judge = async (champion: string, candidate: string, ...anchor: string[]) => {
      const sides = ["--champion", champion, "--candidate", candidate, ...anchor.flatMap((file) => ["--anchor", file])];
      const { exitCode, stdout } = await ft(["gate", ...sides, "--json"], cwd);
      return [exitCode, JSON.parse(stdout).reasons[0]];
    };
    expect(await judge("a.jsonl", "a.jsonl")).toEqual([8, "champion and candidate are the same: a.jsonl"]);
    expect(await judge("hard.jsonl", "a.jsonl")).toEqual([8, "champion and candidate are the same: a.jsonl"]);
    expect(await judge("a.jsonl", "b.jsonl", "b.jsonl")).toEqual([8, "anchor and candidate are the same: b.jsonl"]);
    expect(await judge("a.jsonl", "b.jsonl", "hard.jsonl")).toEqual([0, expect.any(String)]);
  });

  it("keeps the champion where a candidate is clearly worse, on however few items that suffice", async () => {
    const { exitCode, json } = await gate({
      champion: exact({ count: 110 }),
      candidate: exact({ count: 110, lost: 9 }),
    });
    expect([exitCode, json.verdict]).toEqual([8, "keep"]);
    expect(json.reasons[0]).toContain("worse by 8.2 points");
  });

  it("keeps the champion where another metric is clearly worse, whatever the primary's too few items would say", async () => {
    const judge = (loss: number, count: number) =>
      gate(
        {
          champion: [...exact({ count: 50 }), ...losses(1, 1, count)],
          candidate: [...exact({ count: 50, won: 5 }), ...losses(loss, 2, count)],
        },
        ...["--primary", "exact_match"],
      );
    const { exitCode, json } = await judge(1.05, n);
    expect([exitCode, json.verdict]).toEqual([8, "keep"]);
    expect(json.reasons).toEqual([expect.stringMatching(/^loss is .* worse by \d\.\d % \(allowed: 1\.0 %\)$/)]);
    expect((await judge(1.012, n)).json).toMatchObject({
      verdict: "hold",
      checks: [{ name: "exact_match" }, { name: "loss", passed: false, isWorse: false }],
    });
    expect((await judge(1.05, 50)).json.verdict).toBe("hold");
    const below = await gate(
      {
        champion: [...exact({ count: 50 }), ...exact({ metric: "polite" })],
        candidate: [...exact({ count: 50 }), ...exact({ metric: "polite" })],
      },
      ...["--primary", "exact_match", "--floor", "polite=0.95"],
    );
    expect(below.json).toMatchObject({
      verdict: "keep",
      reasons: [expect.stringContaining("at least 95 % is required")],
    });
  });

  it("holds at a primary metric that measures nothing, and at a rule that names what is not there", async () => {
    const constant = items().map((i) => ({ item: `ticket-${i}`, metric: "polite", score: 1 }));
    const files = { champion: [...exact(), ...constant], candidate: [...better, ...constant] };
    const held = await gate(files, "--primary", "polite");
    expect(held.json).toMatchObject({ verdict: "hold" });
    expect(held.json.reasons[0]).toContain("it measures nothing");
    expect((await gate(files, "--primary", "exact_match")).json.verdict).toBe("promote");
    for (const flags of [
      ["--primary", "exact"],
      ["--margin", "exact=0.1"],
      ["--floor", "exact=0.1"],
    ])
      expect((await gate(files, ...flags)).json).toMatchObject({
        verdict: "hold",
        reasons: [expect.stringContaining("exact, which was not measured")],
      });
  });

  it.each<[string, string, RegExp]>([
    ["a line that is no JSON", `${jsonLines(exact())}{"item": "x"`, /not a JSON object/],
    ["a line of something else", `${jsonLines(exact())}[1,2]\n`, /candidate\.jsonl:401/],
    ["a misspelt field", jsonLines(change(better, 7, { cluser: "a" })), /candidate\.jsonl:8: .*cluser/],
    ["a score that is text", jsonLines(exact()).replace('"score":1', '"score":"1"'), /candidate\.jsonl:2: score/],
    [
      "two scores of an item",
      jsonLines([...better, better[3]!]),
      /candidate\.jsonl:401: a second score of ticket-3 .* line 4/,
    ],
    [
      "an item in two groups",
      jsonLines(change([...better, ...losses(1, 1)], 405, { cluster: "b" })),
      /candidate\.jsonl:406: ticket-5 has another cluster/,
    ],
  ])("refuses %s, with exit code 4 and the line", async (_, candidate, message) => {
    const { exitCode, json, stderr } = await gate({ champion: exact(), candidate });
    expect([exitCode, json.ok, json.error.code]).toEqual([4, false, "gate.lines"]);
    expect(stderr).toMatch(message);
  });

  it("refuses a side that was named and is not there, even with --accept-first", async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, "new.jsonl"), jsonLines(better));
    for (const champion of ["chmpion.jsonl", "."]) {
      const { exitCode, stderr } = await ft(
        ["gate", "--champion", champion, "--candidate", "new.jsonl", "--accept-first"],
        cwd,
      );
      expect([exitCode, stderr]).toEqual([4, expect.stringContaining("there is no file")]);
    }
  });

  it("refuses flags that would do nothing or can't be meant", async () => {
    const files = { champion: losses(1, 1), candidate: losses(0.9, 2) };
    for (const flags of [
      ["--margin", "0.05"],
      ["--guard-margin", "0.05"],
      ["--lower-is-better", "lss"],
      ["--margin", "2"],
      ["--margin", "loss=-1"],
      ["--confidence", "95"],
      ["--min-items", "1"],
      ["--floor", "0.5"],
      ["--lower-is-better", "loss", "--higher-is-better", "loss"],
      ["--floor", "loss=2", "--floor", "loss=3"],
      ["--margin", "loss=1%", "--margin", "loss=2%"],
      ["--floor", "__proto__=0.99"],
    ])
      expect([flags, (await gate(files, ...flags)).exitCode]).toEqual([flags, 2]);
    expect((await gate({ champion: exact(), candidate: better }, "--loss-margin", "0.1")).exitCode).toBe(2);
  });

  it("shows names that would act on a terminal as what they are", async () => {
    const cwd = emptyFolder();
    const metric = "a\u001b[2Jb";
    writeFileSync(join(cwd, "now.jsonl"), jsonLines(exact({ metric })));
    writeFileSync(join(cwd, "new.jsonl"), jsonLines(exact({ metric, lost: 30 })));
    const { stdout } = await ft(["gate", "--champion", "now.jsonl", "--candidate", "new.jsonl"], cwd);
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toContain("a␛[2Jb");
  });

  it("compares 50,000 items of two metrics, with an anchor, in a moment", async () => {
    const count = 50_000;
    const lines = (seed: number, won: number) => [
      ...exact({ count, won }),
      ...losses(seed === 1 ? 1 : 0.99, seed, count),
    ];
    const champion = lines(1, 0);
    const { exitCode, json } = await gate({ champion, candidate: lines(2, 900), anchor: champion });
    expect(exitCode).toBe(0);
    expect(json.checks.map(({ n, method }: { n: number; method: string }) => [n, method])).toEqual([
      [count, "score"],
      [count, "t"],
      [count, "score"],
      [count, "t"],
    ]);
  });
});

describe("ft eval power", () => {
  const power = async (...args: string[]) => {
    const { stdout, exitCode } = await ft(["eval", "power", ...args, "--json"], emptyFolder());
    return { exitCode, json: JSON.parse(stdout) };
  };

  it("says how many items a margin needs: some 6.18 p / d^2", async () => {
    const { json } = await power("--margin", "0.02", "--discordance", "0.1", "--items", "400");
    expect(json).toMatchObject({
      ok: true,
      confidence: 0.95,
      power: 0.8,
      needed: [{ discordance: 0.1, margin: 0.02, items: 1546 }],
    });
    expect(json.shown[0].margin).toBeCloseTo(Math.sqrt((6.1826 * 0.1) / 400), 4);
    const stricter = await power("--margin", "0.02", "--discordance", "0.1", "--power", "0.9", "--confidence", "0.99");
    expect(stricter.json.needed[0].items).toBe(3255);
    expect((await power("--margin", "0.02", "--discordance", "0.1", "--effect", "0.02")).json.needed[0].items).toBe(
      385,
    );
    expect((await power("--margin", "0.02", "--discordance", "0.1", "--effect", "-0.02")).json.needed[0].items).toBe(
      null,
    );
    expect((await power("--margin", "0.02", "--discordance", "0.001")).json.needed[0].items).toBe(133);
  });

  it("measures in two files how much items differ", async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, "now.jsonl"), jsonLines([...exact(), ...losses(1, 1)]));
    writeFileSync(join(cwd, "new.jsonl"), jsonLines([...exact({ won: 20, lost: 20 }), ...losses(1, 2)]));
    const { stdout } = await ft(["eval", "power", "now.jsonl", "new.jsonl", "--margin", "0.03", "--json"], cwd);
    const [first, second] = JSON.parse(stdout).metrics;
    expect(first).toMatchObject({ metric: "exact_match", n: 400, discordance: 0.1, margin: 0.03, itemsNeeded: 689 });
    expect(second).toMatchObject({ metric: "loss", marginOf: "champion" });
    const text = (await ft(["eval", "power", "now.jsonl", "new.jsonl", "--metric", "loss"], cwd)).stdout;
    expect(text).toMatch(/^loss +400 +100 % /m);
    expect(text).not.toContain("exact_match");
  });

  it("refuses what doesn't go together", async () => {
    for (const args of [["--metric", "loss"], ["one.jsonl"], ["a.jsonl", "b.jsonl", "--items", "3"], ["--margin", "2"]])
      expect([args, (await power(...args)).exitCode]).toEqual([args, 2]);
  });
});
