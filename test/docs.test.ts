// The documentation says what the code does: paths it names exist, the exit-code page is the table.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exitCodeTable } from "../src/cli/help-exit-codes.js";
import { rulesPage } from "../src/dataset/rules/rule-page.js";
import { packageRoot } from "../src/paths.js";
import { emptyFolder } from "./project.js";
import { runFt } from "./run-ft.js";

const pages = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(packageRoot, "docs")).map((name) => `docs/${name}`),
].filter((page) => page.endsWith(".md"));

describe("documentation", () => {
  it.each(pages)("%s names only files and folders of the repository that exist", (page) => {
    const text = readFileSync(join(packageRoot, page), "utf8");
    const named = [
      ...text.matchAll(/`((?:src|docs|test|trainer|examples|recipes|bench|scripts|docker)\/[\w./-]*)/g),
    ].map((match) => match[1]!);
    expect(named.filter((path) => !existsSync(join(packageRoot, path)))).toEqual([]);
  });

  it("shows in README a recipe that every engine renders", async () => {
    const cwd = emptyFolder();
    const text = readFileSync(join(packageRoot, "README.md"), "utf8");
    writeFileSync(join(cwd, "ft.yaml"), /```yaml\n([\s\S]*?)```/.exec(text)![1]!);
    for (const flags of [[], ["--set", "engine.overrides=", "--engine", "trl"]]) {
      const { code, err } = await runFt(["render", ...flags], { cwd });
      expect(code, err).toBe(0);
    }
  });

  it("explains the data rules exactly as their table does", () => {
    expect(readFileSync(join(packageRoot, "docs/rules.md"), "utf8")).toBe(rulesPage());
  });

  it("lists the exit codes exactly as `ft help exit-codes` prints them", () => {
    expect(readFileSync(join(packageRoot, "docs/exit-codes.md"), "utf8")).toContain(`\`\`\`\n${exitCodeTable()}\`\`\``);
  });
});
