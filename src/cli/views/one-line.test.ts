import { expect, test } from "vitest";
import { oneLine, wrapWords } from "./one-line.js";

test("escape sequences go, and any white space or control character is one space", () => {
  expect(oneLine("  a\r\n\tb \u001b[31mred\u001b[0m \u0007c ")).toBe("a b red c");
});

test("words wrap at the width, and what does not fit is cut with an ellipsis", () => {
  expect(wrapWords("one two three", 7, 2)).toEqual(["one two", "three"]);
  expect(wrapWords("one two three four five", 7, 2)).toEqual(["one two", "three…"]);
  expect(wrapWords("one two three four", 7, 1)).toEqual(["one tw…"]);
  expect(wrapWords("/a/path/that/is/long", 7, 2)).toEqual(["/a/pat…"]);
});
