// `ft recipe` and `ft schema`, through the command line.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { emptyFolder } from "../../test/project.js";
import { runFt } from "../../test/run-ft.js";

function project(text: string): string {
  const cwd = emptyFolder();
  writeFileSync(join(cwd, "ft.yaml"), text);
  return cwd;
}

const mine = "extends: qwen3-8b-dpo\nname: mine\ntrain: { seed: 7 }\n";

it("show prints what was written, --resolved what it comes to, each default with its reason", async () => {
  const cwd = project(mine);
  const short = await runFt(["recipe", "show"], { cwd });
  expect(parse(short.out)).toMatchObject({ name: "mine", method: { type: "qlora" }, train: { seed: 7 } });
  expect(short.out).not.toContain("eval:");
  const { out: stdout } = await runFt(["recipe", "show", "--resolved", "--set", "train.epochs=4"], { cwd });
  expect(parse(stdout)).toMatchObject({ train: { seed: 7, epochs: 4, learning_rate: 5e-6 }, eval: { max_rows: 200 } });
  expect(stdout).toMatch(/^ {2}learning_rate: .* # chosen: ten times/m);
  expect(stdout).toMatch(/^ {2}seed: 7$/m);
});

it("explain says where a key was written, or why ft chose it and after whom", async () => {
  const cwd = project(mine);
  const { out: stdout } = await runFt(["recipe", "explain", "train.learning_rate"], { cwd });
  expect(stdout).toMatch(/^train.learning_rate = 5e-6\n[\s\S]*chosen: ten times[\s\S]*after .*Zephyr/);
  expect((await runFt(["recipe", "explain", "train.seed"], { cwd })).out).toMatch(/written in .*ft.yaml:3/);
  const wrong = await runFt(["recipe", "explain", "train.learningrate"], { cwd });
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain("did you mean train.learning_rate?");
});

it("explain tells how the data's own size and lengths decided", async () => {
  const cwd = project("name: n\nmodel: { base: smollm2-135m }\nmethod: lora\ndata: { train: rows.jsonl }\n");
  const row = {
    messages: [
      { role: "user", content: "q".repeat(3000) },
      { role: "assistant", content: "a" },
    ],
  };
  writeFileSync(join(cwd, "rows.jsonl"), `${JSON.stringify(row)}\n`.repeat(40));
  const { out: stdout } = await runFt(["recipe", "explain", "--json"], { cwd });
  const { keys } = JSON.parse(stdout) as { keys: { key: string; value: unknown }[] };
  const value = (key: string) => keys.find((each) => each.key === key)?.value;
  expect([value("data.max_length"), value("train.batch_size"), value("train.epochs")]).toEqual([2048, 8, 3]);
});

it("diff names the keys that differ, defaults included; ls lists what extends can name", async () => {
  const cwd = project(mine);
  const { out: stdout } = await runFt(["recipe", "diff", "ft.yaml", "qwen3-8b-qlora", "--json"], { cwd });
  const { differences } = JSON.parse(stdout) as { differences: { key: string; a: unknown; b: unknown }[] };
  expect(differences).toContainEqual({ key: "train.learning_rate", a: 5e-6, b: 2e-4 });
  expect(differences).toContainEqual({ key: "train.seed", a: 7, b: 42 });
  expect((await runFt(["recipe", "diff", "ft.yaml", "ft.yaml"], { cwd })).out).toBe("no difference\n");
  expect((await runFt(["recipe", "ls"], { cwd })).out).toContain("qwen3-8b-dpo");
});

it("schema prints a JSON Schema that knows short forms and every objective's keys", async () => {
  const { out: stdout } = await runFt(["schema"], { cwd: emptyFolder() });
  const schema = JSON.parse(stdout);
  expect(schema.properties.method.anyOf[0].enum).toEqual(["full", "lora", "qlora"]);
  expect(JSON.stringify(schema.properties.objective)).toContain("simpo");
  expect(schema.properties.train.properties.learning_rate.description).toContain("peak");
});
