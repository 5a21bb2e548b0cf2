// `ft render`: what it prints and what it writes, without model, engine or network.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { emptyFolder } from "../../test/project.js";
import { runFt } from "../../test/run-ft.js";

const recipe = `name: n
model: { base: Qwen/Qwen3-8B }
method: lora
data: { train: rows.jsonl }
compute: { device: cpu }
`;

function project(text = recipe) {
  const cwd = emptyFolder();
  writeFileSync(join(cwd, "ft.yaml"), text);
  const render = (...args: string[]) => runFt(["render", ...args], { cwd, env: { FT_CACHE: join(cwd, "cache") } });
  return { cwd, render };
}

describe("ft render", () => {
  it("prints each file below a line with its name, and notes on stderr", async () => {
    const { cwd, render } = project();
    const { code, out, err } = await render("--set", "method.rank=3");
    expect(code).toBe(0);
    expect(out.match(/^--- .*$/gm)).toEqual([
      "--- config/trl.yaml",
      "--- config/train.json",
      "--- config/evaluate.json",
    ]);
    const yaml = out.slice(0, out.indexOf("--- config/train.json")).replace(/^--- .*\n/, "");
    expect(parse(yaml)).toMatchObject({ model_name_or_path: "model", lora_r: 3 });
    expect(err).toContain("note: the data was not read; rendered for conversations");
    expect(readdirSync(cwd)).toEqual(["ft.yaml"]);
  });

  it("reads the data when it is there", async () => {
    const { cwd, render } = project();
    writeFileSync(join(cwd, "rows.jsonl"), '{"text":"a"}\n{"text":"b"}\n'.repeat(5));
    const { out } = await render("--json");
    expect(JSON.parse(out)).toMatchObject({ ok: true, layout: "text", written: [] });
  });

  it("writes the same files with --out, but not into a folder that holds something, nor over a file", async () => {
    const { cwd, render } = project();
    const { files } = JSON.parse((await render("--json")).out) as { files: Record<string, string> };
    const written = await render("--out", "shown");
    expect(written.out).toBe("shown/config/trl.yaml\nshown/config/train.json\nshown/config/evaluate.json\n");
    for (const [path, text] of Object.entries(files)) expect(readFileSync(join(cwd, "shown", path), "utf8")).toBe(text);

    expect(await render("--out", "shown")).toMatchObject({ code: 2, err: expect.stringContaining("not empty") });
    expect(await render("--out", "shown", "--force")).toMatchObject({ code: 0 });
    expect(await render("--out", "ft.yaml")).toMatchObject({ code: 2, err: expect.stringContaining("is a file") });
    mkdirSync(join(cwd, "empty"));
    expect(await render("--out", "empty")).toMatchObject({ code: 0 });
  });

  it("ends with the recipe's exit code for keys that TRL does not have, and writes nothing", async () => {
    const { cwd, render } = project(`${recipe}engine: { overrides: { lora_rnak: 4 } }\n`);
    expect(await render("--out", "shown")).toMatchObject({
      code: 3,
      err: expect.stringContaining("has no key lora_rnak"),
    });
    expect(readdirSync(cwd)).toEqual(["ft.yaml"]);
  });

  it("without a recipe says how to get one", async () => {
    const cwd = emptyFolder();
    expect(await runFt(["render"], { cwd })).toMatchObject({ code: 3, err: expect.stringContaining("ft init") });
  });
});
