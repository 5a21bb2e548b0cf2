// A run without held-out rows, through the built binary: it trains, is registered, and says why nothing was compared.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { emptyFolder, ft, requiredEnv } from "./project.js";

it("leaves the evaluate step out, and says so in the plan, the summary, the JSON, and to ft eval", async () => {
  const dir = emptyFolder();
  writeFileSync(join(dir, "rows.jsonl"), `${JSON.stringify({ prompt: "2 * 3?", completion: "6" })}\n`.repeat(12));
  writeFileSync(
    join(dir, "ft.yaml"),
    `name: tiny
model: { base: ${requiredEnv("FT_TEST_TINY_MODEL")} }
method: { type: lora, rank: 8 }
data: { train: rows.jsonl, eval_fraction: 0, rules: { DUP*: off } }
train: { max_steps: 2, batch_size: 4 }
`,
  );
  const plan = await ft(["run", "--dry-run"], dir);
  expect(plan.stdout).toContain("0 held out");
  expect(plan.stdout).not.toContain("ft_trainer.evaluate");

  const run = await ft(["run"], dir);
  expect(run.exitCode, run.stderr).toBe(0);
  expect(run.stdout).toMatch(/not evaluated: data\.eval_fraction is 0 .*\nadapter tiny@1/);
  const [id] = readdirSync(join(dir, ".ft/runs"));
  const job = JSON.parse(readFileSync(join(dir, ".ft/runs", id!, "job.json"), "utf8"));
  expect(job.steps.map(({ name }: { name: string }) => name)).toEqual(["train"]);

  const again = JSON.parse((await ft(["run", "--json"], dir)).stdout);
  expect(again).toMatchObject({ skipped: true, adapter: { comparison: null } });
  expect(again.notEvaluated).toContain("data.eval_fraction is 0");
  const evaluated = await ft(["eval"], dir);
  expect(evaluated.exitCode).toBe(7);
  expect(evaluated.stderr).toContain("no rows were held out");
}, 120_000);
