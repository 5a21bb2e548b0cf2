// A judge suite the whole way against a real server: the cost cap, both orders, references against themselves, verdicts that cost nothing again, and a
// server that is gone.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ft, tinyProject } from "./project.js";
import { type LlamaServer, startLlamaServer } from "./services/llama-server.js";

const key = "key-of-this-judge";
let server: LlamaServer;
beforeAll(async () => {
  server = await startLlamaServer(key);
}, 600_000);
afterAll(() => server.stop());

const row = (question: string, answer: string) =>
  `${JSON.stringify({
    messages: [
      { role: "user", content: question },
      { role: "assistant", content: answer },
    ],
  })}\n`;

it("judges in both orders, stops at the cost cap, goes on from there, and asks nothing twice", async () => {
  const dir = tinyProject();
  const recipe = readFileSync(join(dir, "ft.yaml"), "utf8").replace(/^eval: .*\n/m, "");
  const judged = (cap: number) =>
    writeFileSync(
      join(dir, "ft.yaml"),
      `${recipe}eval:
  suites:
    - name: open
      type: judge
      data: open.jsonl
      max_new_tokens: 8
      endpoint: ${server.url}
      model: smollm2
      api_key_env: JUDGE_KEY
      rubric: Better is the correct one.
      calibrate: 2
      max_tokens: 48
      price: { input: 10, output: 10 }
      max_cost_usd: ${cap}
      concurrency: 1
      timeout: 280
      retries: 1
`,
    );
  writeFileSync(
    join(dir, "open.jsonl"),
    row("What is 2 + 2?", "4") + row("A red fruit?", "apple") + row("Who barks?", "a dog"),
  );
  const run = (...args: string[]) => ft(["eval", "run", "base", ...args], dir, { JUDGE_KEY: key });

  judged(0.0001);
  const capped = await run();
  expect([capped.exitCode, capped.stderr]).toEqual([
    5,
    expect.stringMatching(/judging suite open has cost \$0\.00\d+, and max_cost_usd is 0.0001/),
  ]);

  judged(1);
  const done = await run("--json");
  expect(done.exitCode, done.stderr).toBe(0);
  const [{ manifest }] = JSON.parse(done.stdout).evaluations;
  const { alike_first, alike_second, alike_tie, agreement, requests, cost_usd } = manifest.notes;
  expect(alike_first + alike_second + alike_tie).toBe(1);
  expect([requests, cost_usd > 0]).toEqual([7, true]); // two references, three pairs in both orders; the one before the cap is known
  const items = readFileSync(join(dir, ".ft/evals", manifest.id, "items.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const wins: number[] = items.map(({ scores }) => scores.win);
  for (const win of wins) expect([0, 0.5, 1]).toContain(win);
  // Who won or lost did so in both orders.
  expect(agreement).toBeGreaterThanOrEqual(wins.filter((win) => win !== 0.5).length / wins.length);
  expect(items.every(({ costUsd, error }) => costUsd > 0 && error === null)).toBe(true);

  await server.stop();
  const again = await run("--force", "--json");
  expect(again.exitCode, again.stderr).toBe(0);
  const [second] = JSON.parse(again.stdout).evaluations;
  expect([second.reused, second.manifest.notes]).toEqual([false, { ...manifest.notes, requests: 0, cost_usd: 0 }]);

  rmSync(join(dir, ".ft/judge"), { recursive: true });
  const gone = await run("--force");
  expect([gone.exitCode, gone.stderr]).toEqual([11, expect.stringContaining("did not answer in 2 tries")]);
  expect(gone.stderr + done.stdout + capped.stderr + JSON.stringify(items)).not.toContain(key);
}, 1_500_000);
