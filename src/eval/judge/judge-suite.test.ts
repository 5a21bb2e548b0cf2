// A judge over real HTTP: one that judges well, one that prefers a place, and ones that answer garbage, 429, 500, slowly, never, or not for us.
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { type JudgeSuite, suiteSchema } from "../../recipes/schema/suites.js";
import type { SuiteItem } from "../suites/suite-items.js";
import type { Endpoint } from "./ask.js";
import { judgeSuite } from "./judge-suite.js";

type Handle = (prompt: string, response: ServerResponse, request: IncomingMessage, n: number) => void;
let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(handle: Handle): Promise<{ url: string; requests: () => number }> {
  let requests = 0;
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      requests += 1;
      handle(JSON.parse(body).messages[1].content, response, request, requests);
    });
  });
  await new Promise<void>((listening) => server!.listen(0, "127.0.0.1", listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, requests: () => requests };
}

function say(response: ServerResponse, content: string): void {
  const usage = { prompt_tokens: 1000, completion_tokens: 100 };
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ choices: [{ message: { role: "assistant", content } }], usage }));
}
const better = (verdict: string) => `Let me think.\n{"reason": "so", "better": "${verdict}"}`;
const answersOf = (prompt: string) =>
  ["a", "b"].map((side) => prompt.split(`<answer_${side}>\n`)[1]!.split("\n</")[0]!);
/** The longer of the two is the better one. */
const judgesWell: Handle = (prompt, response) => {
  const [a, b] = answersOf(prompt).map((answer) => answer.length) as [number, number];
  say(response, better(a > b ? "A" : b > a ? "B" : "tie"));
};

function judging(url: string, more: Partial<JudgeSuite> = {}, few: Partial<Endpoint> = {}) {
  const suite = suiteSchema.parse({ name: "j", type: "judge", data: "x", endpoint: url, model: "m", ...more });
  const given: [string, string, string | null][] = [
    ["1", "long answer", "short"],
    ["2", "short", "long answer"],
    ["3", "same", "same"],
    ["4", "x", null],
  ];
  const items = given.map(
    ([item, , reference]): SuiteItem => ({
      ...{ item, file: "x", line: 1, messages: [{ role: "user", content: `question ${item}` }], reference },
      ...{ fields: {}, slice: {}, cluster: null, inputSha256: item },
    }),
  );
  const answers = new Map(
    given.map(([item, output]) => [
      item,
      { item, output, promptSha256: "p", promptTokens: 1, outputTokens: 1, latencyMs: 1 },
    ]),
  );
  const cacheDir = few.cacheDir ?? mkdtempSync(join(tmpdir(), "ft-judge-"));
  const endpoint = { url, key: null, timeoutMs: 20_000, retries: 2, pauseMs: 5, cacheDir, ...few };
  return { run: () => judgeSuite(suite as JudgeSuite, { items, answers }, endpoint, () => {}), cacheDir };
}

it("asks in both orders, calibrates on references against themselves, and pays for a verdict once", async () => {
  const { url, requests } = await serve(judgesWell);
  const { run } = judging(url, { price: { input: 1, output: 10 }, calibrate: 3 });
  const { items, notes } = await run();
  expect(items.map(({ scores, error }) => scores.win ?? error)).toEqual([
    1,
    0,
    0.5,
    "the row has no reference to judge against",
  ]);
  expect(notes).toMatchObject({ alike_tie: 1, alike_first: 0, agreement: 1 });
  expect(notes.cost_usd).toBeCloseTo(requests() * 0.002, 9);
  expect(items[0]!.costUsd).toBeCloseTo(0.004, 9);
  const before = requests();
  const again = await run();
  expect([again.items.map(({ scores }) => scores), requests()]).toEqual([items.map(({ scores }) => scores), before]);
  expect(again.notes).toMatchObject({ cost_usd: 0, requests: 0 });
});

it("takes a judge that always prefers the first place for undecided, and tells it", async () => {
  const { url } = await serve((_, response) => say(response, better("A")));
  const { items, notes } = await judging(url).run();
  expect(items.slice(0, 3).map(({ scores }) => scores.win)).toEqual([0.5, 0.5, 0.5]);
  expect(notes).toMatchObject({ alike_first: 1, alike_second: 0, agreement: 0 });
});

it("does without a verdict on one item, asked twice: that item's error", async () => {
  const { url } = await serve((prompt, response, request, n) =>
    prompt.includes("question 2") && !prompt.includes("same") && answersOf(prompt)[0] !== answersOf(prompt)[1]
      ? say(response, "Both have merits.")
      : judgesWell(prompt, response, request, n),
  );
  const { items } = await judging(url).run();
  expect(items.map(({ error }) => error)).toEqual([null, "the judge gave no verdict", null, expect.any(String)]);
});

it("gives up on a judge that answers only garbage, before it is asked about the items", async () => {
  const { url, requests } = await serve((_, response) => say(response, "lorem ipsum"));
  await expect(judging(url).run()).rejects.toMatchObject({ code: "eval.judge-garbage", exit: "training" });
  expect(requests()).toBeLessThanOrEqual(8);
});

it.each<[string, Handle, Partial<Endpoint>]>([
  [
    "429 with Retry-After, then well",
    (prompt, response, request, n) =>
      n % 3 === 1 ? response.writeHead(429, { "retry-after": "0.01" }).end() : judgesWell(prompt, response, request, n),
    {},
  ],
  [
    "500 at times",
    (prompt, response, request, n) =>
      n % 3 === 1 ? response.writeHead(500).end("oops") : judgesWell(prompt, response, request, n),
    {},
  ],
  [
    "no JSON at times",
    (prompt, response, request, n) => (n % 3 === 1 ? response.end("<html>") : judgesWell(prompt, response, request, n)),
    {},
  ],
  [
    "a broken connection at times",
    (prompt, response, request, n) =>
      n % 3 === 1 ? request.socket.destroy() : judgesWell(prompt, response, request, n),
    {},
  ],
  [
    "too slowly at times",
    (prompt, response, request, n) => (n % 3 === 1 ? undefined : judgesWell(prompt, response, request, n)),
    { timeoutMs: 2000 },
  ],
])("tries again after %s", async (_, handle, few) => {
  const { url } = await serve(handle);
  const { items } = await judging(url, { concurrency: 1 }, few).run();
  expect(items.slice(0, 3).map(({ scores }) => scores.win)).toEqual([1, 0, 0.5]);
});

it.each<[string, Handle, Partial<Endpoint>, string, number]>([
  ["429 always", (_, response) => response.writeHead(429).end(), {}, "eval.judge-unreachable", 3],
  [
    "429 with a wait that is longer than any try's",
    (_, response) => response.writeHead(429, { "retry-after": "3600" }).end(),
    { retries: 0 },
    "eval.judge-unreachable",
    1,
  ],
  ["500 always", (_, response) => response.writeHead(500).end(), {}, "eval.judge-unreachable", 3],
  ["never", () => {}, { timeoutMs: 100 }, "eval.judge-unreachable", 3],
  ["401", (_, response) => response.writeHead(401).end('{"error":{"message":"bad key"}}'), {}, "eval.judge-refused", 1],
  [
    "a redirect elsewhere",
    (_, response) => response.writeHead(302, { location: "http://127.0.0.1:9/" }).end(),
    {},
    "eval.judge-unreachable",
    3,
  ],
])(
  "ends when it answers %s, after bounded tries, and its key is told nowhere",
  async (what, handle, few, code, tries) => {
    const { url, requests } = await serve(handle);
    const key = "sk-very-secret";
    const { run, cacheDir } = judging(url, { concurrency: 1, calibrate: 1 }, { ...few, key });
    const error = await run().then(
      () => null,
      (thrown: Error) => thrown,
    );
    expect(error).toMatchObject({ code, exit: "refused" });
    if (what.includes("wait")) expect(error).toMatchObject({ why: "HTTP 429; it asks to wait 60 min" });
    expect(requests()).toBe(tries);
    expect(JSON.stringify(error) + error!.stack).not.toContain(key);
    expect(readdirSync(cacheDir)).toEqual([]);
  },
);

it("sends the key to the endpoint, and keeps it out of what it remembers", async () => {
  const seen = new Set<string | undefined>();
  const { url } = await serve((prompt, response, request, n) => {
    seen.add(request.headers.authorization);
    judgesWell(prompt, response, request, n);
  });
  const { run, cacheDir } = judging(url, {}, { key: "sk-very-secret" });
  await run();
  expect([...seen]).toEqual(["Bearer sk-very-secret"]);
  const kept = readdirSync(cacheDir).map((name) => readFileSync(join(cacheDir, name), "utf8"));
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.join("")).not.toContain("secret");
});

it("stops at the cost cap, and goes on from there when it is raised", async () => {
  const { url, requests } = await serve(judgesWell);
  const cheap = { price: { input: 1000, output: 0 }, concurrency: 1, calibrate: 0 };
  const first = judging(url, { ...cheap, max_cost_usd: 2 });
  await expect(first.run()).rejects.toMatchObject({ code: "eval.judge-cost", exit: "fit" });
  expect(requests()).toBe(2);
  const { items } = await judging(url, { ...cheap, max_cost_usd: 100 }, { cacheDir: first.cacheDir }).run();
  expect(items.slice(0, 3).map(({ scores }) => scores.win)).toEqual([1, 0, 0.5]);
  expect(requests()).toBe(5); // the pair of equal answers is the same in both orders
});
