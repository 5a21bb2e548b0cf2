// The row index holds many rows, finds each at its first place, and tells exact from loose copies.
import { expect, test } from "vitest";
import { sha256 } from "./canonical-key.js";
import { createRowIndex } from "./row-index.js";

test("finds every one of many rows at its place, through growth and colliding slots", () => {
  const index = createRowIndex();
  const count = 20_000;
  const loose = (at: number) => sha256(`loose ${at % count}`).subarray(0, 16);
  const exact = (at: number) => sha256(`exact ${at}`);
  const place = (at: number) => ({ file: at < count / 2 ? "a.jsonl" : "b.jsonl", line: at + 1 });
  for (let at = 0; at < count; at += 1) expect(index.add(loose(at), exact(at), place(at))).toBeNull();
  for (let at = 0; at < count; at += 1) {
    expect(index.add(loose(at), exact(at), place(at + count))).toEqual({ place: place(at), exact: true });
    expect(index.add(loose(at), exact(at + count), place(at + count))).toEqual({ place: place(at), exact: false });
  }
  expect(index.add(sha256("other").subarray(0, 16), exact(0), place(0))).toBeNull();
});
