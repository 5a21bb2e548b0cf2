// `ft data convert`: what is written for a target reads back as the same rows, what a target has no place for stops it, and platforms' own rules hold.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { emptyFolder } from "../../../test/project.js";
import { runFt } from "../../../test/run-ft.js";

const system = { role: "system", content: "You are brief. Ça va? 👍" };
const plain = chat(system, user("2 * 3?"), assistant("6"), user("And + 1?"), assistant("7\n\n```json\n{}\n```"));
const single = chat(user("Hello"), assistant("Hi"));
const tool = {
  type: "function",
  function: {
    name: "weather",
    description: "now",
    parameters: { type: "object", properties: { town: { type: "string" } } },
  },
};
const call = { type: "function", function: { name: "weather", arguments: { town: "Ulm", days: 1 } } };
const called = {
  ...chat(
    user("Weather in Ulm?"),
    { role: "assistant", content: "", tool_calls: [call] },
    { role: "tool", content: '{"sky": "grey"}', name: "weather" },
    assistant("Grey."),
  ),
  tools: [tool],
};
const withIds = {
  ...chat(
    user("Weather in Ulm?"),
    { role: "assistant", content: "", tool_calls: [{ id: "call_1", ...call }] },
    { role: "tool", content: "grey", tool_call_id: "call_1" },
    assistant("Grey."),
  ),
  tools: [tool],
};
const thinking = chat(user("2 * 3?"), { ...assistant("6"), reasoning_content: "Twice three." });
const weighted = chat(user("Hello"), { ...assistant("Eh?"), weight: 0 }, user("Hello!"), assistant("Hi"));
const pair = { prompt: [system, user("2 * 3?")], chosen: [assistant("6")], rejected: [assistant("5")] };
const judged = { prompt: [user("2 * 3?")], completion: [assistant("5")], label: false };
const text = { text: "Any text: every token is trained." };

/** What each target holds whole. */
const held: Record<string, object[][]> = {
  messages: [[plain, single, called, withIds, thinking, weighted], [pair], [judged], [text]],
  alpaca: [[plain, single], [pair], [judged]],
  sharegpt: [[plain, single], [pair], [judged]],
  trl: [[plain, single, called, withIds, thinking], [pair], [judged], [text]],
  axolotl: [[plain, single, called, withIds, thinking, weighted], [pair], [judged], [text]],
  openai: [[plain, single, withIds, weighted], [pair]],
  together: [[plain, single, weighted], [pair], [text]],
  fireworks: [[plain, single, withIds, thinking, weighted], [pair]],
  bedrock: [[plain, single]],
  vertex: [[plain, single, called]],
};

describe("round trips", () => {
  test.each(Object.entries(held))("rows written for %s read back as they were", async (target, files) => {
    for (const rows of files) {
      // Enough rows for every platform.
      const dir = project(Array.from({ length: 10 }, () => rows).flat());
      const there = await runFt(["data", "convert", "a.jsonl", "--to", target, "--out", "b.jsonl"], { cwd: dir });
      expect(there.code, there.err).toBe(0);
      const back = await runFt(["data", "convert", "b.jsonl", "--to", "messages", "--out", "c.jsonl"], { cwd: dir });
      expect(back.code, back.err).toBe(0);
      expect(linesOf(dir, "c.jsonl").slice(0, rows.length)).toEqual(rows);
    }
  });

  test("sharegpt holds tools and calls; the function's name of an answer is not part of it", async () => {
    const dir = project([called]);
    await runFt(["data", "convert", "a.jsonl", "--to", "sharegpt", "--out", "b.jsonl"], { cwd: dir });
    expect(linesOf(dir, "b.jsonl")[0]).toEqual({
      conversations: [
        { from: "human", value: "Weather in Ulm?" },
        { from: "function_call", value: '{"name":"weather","arguments":{"town":"Ulm","days":1}}' },
        { from: "observation", value: '{"sky": "grey"}' },
        { from: "gpt", value: "Grey." },
      ],
      tools: JSON.stringify([tool]),
    });
  });

  test("numbers and the order of keys in calls survive every target that holds calls", async () => {
    const args = '{"10":1.0,"9":12345678901234567890,"a":-0.0,"b":1e3}';
    const line = JSON.stringify(called).replace('{"town":"Ulm","days":1}', args);
    for (const target of ["openai", "sharegpt", "trl", "axolotl", "fireworks", "vertex"]) {
      const dir = emptyFolder();
      writeFileSync(join(dir, "a.jsonl"), `${line}\n`.repeat(10));
      await runFt(["data", "convert", "a.jsonl", "--to", target, "--out", "b.jsonl"], { cwd: dir });
      await runFt(["data", "convert", "b.jsonl", "--to", "messages", "--out", "c.jsonl"], { cwd: dir });
      expect(readFileSync(join(dir, "c.jsonl"), "utf8").split("\n")[0], target).toContain(args);
    }
  });
});

test("openai and fireworks get an id for each call, and the answers of tools that of their call", async () => {
  const town = (name: string) => ({ ...call, function: { name: "weather", arguments: { town: name } } });
  const time = { ...call, function: { name: "time", arguments: {} } };
  const two = chat(
    user("Weather and time in Ulm and Bonn?"),
    { role: "assistant", content: "", tool_calls: [{ id: "call_1", ...town("Ulm") }, town("Bonn"), time] },
    { role: "tool", content: "8:00", name: "time" },
    { role: "tool", content: "grey", tool_call_id: "call_1" },
    { role: "tool", content: "blue" },
    assistant("Grey; blue; eight."),
  );
  const dir = project(Array(10).fill(two));
  for (const target of ["openai", "fireworks"]) {
    const args = ["data", "convert", "a.jsonl", "--to", target, "--out", `${target}.jsonl`];
    const { code, err } = await runFt(args, { cwd: dir });
    expect(code, err).toBe(0);
    const [line] = linesOf(dir, `${target}.jsonl`) as { messages: Record<string, unknown>[] }[];
    expect((line!.messages[1]!.tool_calls as { id: string }[]).map(({ id }) => id)).toEqual([
      "call_1",
      "call_2",
      "call_3",
    ]);
    expect(line!.messages.slice(2, 5).map((turn) => turn.tool_call_id)).toEqual(["call_3", "call_1", "call_2"]);
  }
});

test("columns that are no part of a row are named, on stderr and in the JSON", async () => {
  const dir = project([
    { prompt: "q", completion: "a", category: "x" },
    { prompt: "q 2", completion: "a", category: null, source: "mail", id: null },
  ]);
  const args = ["data", "convert", "a.jsonl", "--to", "messages", "--out", "b.jsonl", "--json"];
  const { out, err } = await runFt(args, { cwd: dir });
  expect(JSON.parse(out)).toMatchObject({ written: 2, unwritten: ["category", "source"] });
  expect(err).toContain('not written: "category", "source"');
});

describe("what does not fit", () => {
  test.each([
    ["bedrock", thinking, "reasoning"],
    ["alpaca", called, "tools"],
    ["together", chat(user("a"), user("b"), assistant("c")), "turn 2 is the user's"],
    ["fireworks", chat(user("a"), system, assistant("c")), "system turn"],
    ["openai", chat(assistant("c"), user("a")), "not the assistant's"],
    ["vertex", withIds, "ids of calls"],
    ["alpaca", chat({ role: "system", content: "" }, user("a"), assistant("b")), "empty system turn"],
    ["sharegpt", chat({ role: "system", content: "" }, user("a"), assistant("b")), "empty system turn"],
    ["openai", judged, "single judged answers"],
  ])("%s: nothing is written, and each such row is told with its line", async (target, row, why) => {
    const fine = "label" in row ? judged : single;
    const dir = project([...Array(11).fill(fine), row]);
    const { code, err } = await runFt(["data", "convert", "a.jsonl", "--to", target, "--out", "b.jsonl"], { cwd: dir });
    expect(code).toBe(4);
    expect(err).toContain("a.jsonl:12");
    expect(err).toContain(why);
    expect(existsSync(join(dir, "b.jsonl"))).toBe(false);
  });

  test("--drop takes parts out of every row; --skip leaves rows out and lists them", async () => {
    const unsaid = chat({ role: "system", content: "" }, user("a"), { ...assistant("b"), reasoning_content: "b?" });
    const dir = project([...Array(9).fill(thinking), unsaid, called, withIds]);
    const args = [
      "data",
      "convert",
      "a.jsonl",
      "--to",
      "vertex",
      "--out",
      "b.jsonl",
      "--drop",
      "reasoning,empty_system",
      "--skip",
      "--json",
    ];
    const { out } = await runFt(args, { cwd: dir });
    expect(JSON.parse(out)).toMatchObject({ rows: 12, written: 11, dropped: 1 });
    expect(linesOf(dir, "b.dropped.jsonl")).toEqual([
      { file: "a.jsonl", line: 12, reason: expect.stringContaining("ids"), row: withIds },
    ]);
    expect(linesOf(dir, "b.jsonl")[9]).not.toHaveProperty("systemInstruction");
    const without = await runFt([...args, "--drop", "reasoning,idz"], { cwd: dir });
    expect([without.code, without.err]).toEqual([2, expect.stringContaining("idz")]);
  });

  test("platforms that want more rows say so", async () => {
    const dir = project([plain, single]);
    const { code, err } = await runFt(["data", "convert", "a.jsonl", "--to", "openai", "--out", "b.jsonl"], {
      cwd: dir,
    });
    expect([code, err]).toEqual([4, expect.stringContaining("10 or more")]);
  });
});

function chat(...messages: object[]) {
  return { messages };
}

function user(content: string) {
  return { role: "user", content };
}

function assistant(content: string) {
  return { role: "assistant", content };
}

function project(rows: object[]): string {
  const dir = emptyFolder();
  writeFileSync(join(dir, "a.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return dir;
}

function linesOf(dir: string, name: string): unknown[] {
  return readFileSync(join(dir, name), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
