// What is quoted comes out of a real shell as it went in.
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { quote } from "./quote.js";

describe("a quoted argument", () => {
  it.each([
    "",
    "plain",
    "two words",
    "it's",
    "$(touch /tmp/x) `id` $HOME",
    "a\nb",
    "*?[]{}~!#",
    "\\",
    "'; rm -rf x;'",
    "ü€",
  ])("%j is one word for a shell, unchanged", (text) => {
    const said = execFileSync("sh", ["-c", `printf '<%s>' ${quote(text)} ${quote("end")}`], { encoding: "utf8" });
    expect(said).toBe(`<${text}><end>`);
  });
});
