// What `ft init` writes: recipes that load, a .gitignore that keeps .ft/ out, and nothing by halves.
import { lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyFolder } from "../../test/project.js";
import { runFt } from "../../test/run-ft.js";
import { initRecipe } from "./init.js";
import { loadRecipe } from "./load.js";
import { methodNames } from "./schema/method.js";
import { type NewRecipe, writeRecipe } from "./write.js";

const plain: NewRecipe = { name: "n", base: "smollm2-135m", method: "lora", engine: "trl", data: "rows.jsonl" };

function written(recipe: NewRecipe) {
  const cwd = emptyFolder();
  const text = writeRecipe(recipe);
  writeFileSync(join(cwd, "ft.yaml"), text);
  return { text, recipe: loadRecipe("ft.yaml", { env: {}, cwd }).recipe };
}

describe("writeRecipe", () => {
  const notices = [null, "Meta never released it. Using another one. ".repeat(8).trim()];
  const templates = [undefined, "chatml", "templates/my own.jinja"];
  const all = methodNames.flatMap((method) =>
    templates.flatMap((template) => notices.map((notice) => ({ ...plain, method, template, notice }))),
  );

  it.each(all)("$method, template $template, notice $notice: loads as what was asked for", (asked) => {
    const { recipe, text } = written(asked);
    expect(recipe).toMatchObject({
      method: { type: asked.method },
      model: { base: asked.base, template: asked.template ?? "auto" },
      engine: { name: "trl" },
    });
    for (const line of text.split("\n")) expect(line.length).toBeLessThan(125);
    expect(text.split("\n").filter((line) => line && !line.startsWith("#")).length).toBeLessThan(25);
  });

  it.each(["C: drive/#1.jsonl", "- x", "yes", "1.0", `${"long folder/".repeat(12)}rows.jsonl`, "'quoted'", "*a"])(
    "a path that YAML could take for something else stays what it is: %s",
    (data) => {
      expect(written({ ...plain, data, base: data }).recipe).toMatchObject({
        data: { train: [{ path: data }] },
        model: { base: data },
      });
    },
  );

  it("lines its comments up", () => {
    const columns = written(plain)
      .text.split("\n")
      .filter((line) => line.includes("  # "))
      .map((line) => line.indexOf("  # "));
    expect(new Set(columns).size).toBe(1);
  });

  it("looks like this", async () => {
    await expect(written(plain).text).toMatchFileSnapshot("fixtures/lora.yaml");
    await expect(
      written({ ...plain, method: "qlora", base: "llama3.1-8b", notice: notices[1]! }).text,
    ).toMatchFileSnapshot("fixtures/qlora-with-notice.yaml");
  });
});

describe("initRecipe", () => {
  const request = (dir: string, force = false) => ({ ...plain, name: undefined, dir, force });

  it.each([
    ["none", undefined, ".ft/\n"],
    ["one", "node_modules/\n", "node_modules/\n.ft/\n"],
    ["one without a last newline", "dist", "dist\n.ft/\n"],
    ["one that has it", "a\n.ft/\nb\n", "a\n.ft/\nb\n"],
    ["one that has it otherwise", "/.ft\r\n", "/.ft\r\n"],
    ["one that has something like it", ".ftx\n", ".ftx\n.ft/\n"],
  ])("with %s .gitignore, .ft/ is in it once", (_what, before, after) => {
    const dir = emptyFolder();
    if (before !== undefined) writeFileSync(join(dir, ".gitignore"), before);
    initRecipe(request(dir));
    initRecipe(request(dir, true));
    expect(readFileSync(join(dir, ".gitignore"), "utf8")).toBe(after);
    expect(readdirSync(dir).sort()).toEqual([".ft", ".gitignore", "ft.yaml"]);
  });

  it.each([
    ["Support Triage!", "support-triage-"],
    ["日本", "my-model"],
    ["__x", "x"],
  ])("takes the name from the folder: %s", (folder, name) => {
    const dir = join(emptyFolder(), folder);
    mkdirSync(dir);
    expect(initRecipe(request(dir)).name).toBe(name);
  });

  it("never replaces a recipe unless told to", () => {
    const dir = emptyFolder();
    writeFileSync(join(dir, "ft.yaml"), "mine");
    expect(() => initRecipe(request(dir))).toThrow(expect.objectContaining({ code: "init.exists", exit: "usage" }));
    expect(readFileSync(join(dir, "ft.yaml"), "utf8")).toBe("mine");
    expect(readdirSync(dir)).toEqual(["ft.yaml"]);
    initRecipe(request(dir, true));
    expect(readFileSync(join(dir, "ft.yaml"), "utf8")).toContain("smollm2-135m");
  });

  it("leaves a .gitignore's bytes, mode and link as they are", () => {
    const dir = emptyFolder();
    const bytes = Buffer.from([0xe9, 0x0a]);
    writeFileSync(join(dir, "shared"), bytes, { mode: 0o640 });
    symlinkSync("shared", join(dir, ".gitignore"));
    initRecipe(request(dir));
    expect(lstatSync(join(dir, ".gitignore")).isSymbolicLink()).toBe(true);
    expect(statSync(join(dir, "shared")).mode & 0o777).toBe(0o640);
    expect(readFileSync(join(dir, "shared"))).toEqual(Buffer.concat([bytes, Buffer.from(".ft/\n")]));
  });

  it("in a folder that cannot be written into says so", () => {
    expect(() => initRecipe(request("/proc/self"))).toThrow(
      expect.objectContaining({ code: "env.unwritable", exit: "environment" }),
    );
  });

  it("leaves nothing half-written when ft.yaml cannot be put in place", () => {
    const dir = emptyFolder();
    mkdirSync(join(dir, "ft.yaml", "full"), { recursive: true });
    expect(() => initRecipe(request(dir, true))).toThrow(expect.objectContaining({ code: "env.unwritable" }));
    expect(readdirSync(dir)).toEqual(["ft.yaml"]);
  });
});

describe("ft init", () => {
  it("uses the nearest model for one that does not exist, and says so on stderr and in the recipe", async () => {
    const cwd = emptyFolder();
    const { code, out, err } = await runFt(["init", "--base", "llama4-8b", "--method", "qlora"], { cwd });
    expect(code).toBe(0);
    expect(err).toMatch(/^notice: Meta never released an 8B Llama 4\. Using llama3\.1-8b/);
    expect(err).toContain("next: put your rows into data/train.jsonl, then\n");
    expect(out).toBe(`wrote ${join(cwd, "ft.yaml")}\n`);
    const text = readFileSync(join(cwd, "ft.yaml"), "utf8");
    expect(text).toContain("# Meta never released an 8B Llama 4.");
    expect(loadRecipe("ft.yaml", { env: {}, cwd }).recipe).toMatchObject({
      model: { base: "llama3.1-8b" },
      method: { type: "qlora" },
      data: { train: [{ path: "data/train.jsonl" }] },
    });
  });

  it("prints one JSON object and nothing else on stdout", async () => {
    const cwd = emptyFolder();
    const { code, out } = await runFt(
      ["init", "--base", "smollm2-135m", "--method", "full", "--name", "a1", "--json"],
      {
        cwd,
      },
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ ok: true, name: "a1", file: join(cwd, "ft.yaml"), notice: null });
  });

  it.each([
    [["--base", "smollm2-135m"], /needs --method/],
    [[], /needs --base and --method/],
    [["--base", "smollm2-135m", "--method", "lorra"], /lorra.*full, lora, qlora/s],
    [["--base", "smollm2-135m", "--method", "lora", "--engine", "x"], /trl/],
    [["--base", "smollm2-135m", "--method", "lora", "--name", "Not Good"], /name: use lower-case/],
  ])("%j is refused as a mistake of the command line, and nothing is written", async (args, message) => {
    const cwd = emptyFolder();
    const { code, err } = await runFt(["init", ...args], { cwd });
    expect(err).toMatch(message);
    expect(code).toBe(2);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it.each([
    ["chatlm", /no built-in template is called chatlm/],
    ["templates/none.jinja", /can't read .*none\.jinja/],
  ])("a template that is not there (%s) is found now, not when the run starts", async (template, message) => {
    const cwd = emptyFolder();
    const args = ["init", "--base", "smollm2-135m", "--method", "lora", "--template", template];
    const { code, err } = await runFt(args, { cwd });
    expect(err).toMatch(message);
    expect(code).toBe(3);
    expect(readdirSync(cwd)).toEqual([]);
  });
});
