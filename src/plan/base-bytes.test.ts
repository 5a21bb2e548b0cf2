// What is fetched of a base: also what reads images, which the estimate leaves out and says so; fewer bits where the repository has them.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { emptyFolder } from "../../test/project.js";
import { runFt } from "../../test/run-ft.js";

it.each([
  ["gemma3-4b", ["about 0.4 billion parameters"], 8.6e9],
  ["llama3.1-8b", [], 16.06e9],
  ["gpt-oss-20b", [], 13.76e9],
  ["deepseek-v3", [], 688e9],
])("%s", async (base, warnings, bytes) => {
  const cwd = emptyFolder();
  writeFileSync(
    join(cwd, "rows.jsonl"),
    '{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}\n',
  );
  writeFileSync(
    join(cwd, "ft.yaml"),
    `name: x\nmodel: {base: ${base}}\nmethod: {type: lora}\ndata: {train: rows.jsonl}\n`,
  );
  const { out } = await runFt(["plan", "--gpu", "h100-80", "--json"], { cwd, env: {} });
  const { plan } = JSON.parse(out);
  expect(plan.warnings).toEqual(warnings.map((text) => expect.stringContaining(text)));
  expect(plan.network.base / bytes).toBeCloseTo(1, 2);
});
