// Chat templates: found where transformers finds them, and the built-in ones proven against transformers' own mask.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { builtinTemplates, readTemplate } from "./template.js";

const dir = mkdtempSync(join(tmpdir(), "ft-template-"));

test("auto reads the tokenizer's template: one string, the default of several, or the .jinja file, which wins", () => {
  const write = (value: unknown) =>
    writeFileSync(join(dir, "tokenizer_config.json"), JSON.stringify({ chat_template: value }));
  const source = () => readTemplate("auto", { dir, cwd: dir })?.source;
  expect(source()).toBeUndefined();
  write("one");
  expect(source()).toBe("one");
  write([
    { name: "tool_use", template: "tools" },
    { name: "default", template: "plain" },
  ]);
  expect(source()).toBe("plain");
  writeFileSync(join(dir, "chat_template.jinja"), "file");
  expect(source()).toBe("file");
});

test("built-in templates mark what carries loss; a file says whether it does", () => {
  expect(builtinTemplates()).toContain("chatml");
  for (const name of builtinTemplates()) {
    expect(readTemplate(name, { dir: null, cwd: dir })).toMatchObject({
      origin: `builtin:${name}`,
      hasGenerationMarkers: true,
    });
  }
  writeFileSync(join(dir, "own.jinja"), "{{ messages }}");
  expect(readTemplate("own.jinja", { dir: null, cwd: dir })).toMatchObject({
    origin: "file:own.jinja",
    hasGenerationMarkers: false,
  });
});

test.each([
  ["chatlm", { code: "template.unknown", exit: "recipe", why: "did you mean chatml?" }],
  ["nowhere.jinja", { code: "template.missing", exit: "recipe" }],
])("%s is refused", (setting, expected) => {
  expect(() => readTemplate(setting, { dir: null, cwd: dir })).toThrow(expect.objectContaining(expected));
});
