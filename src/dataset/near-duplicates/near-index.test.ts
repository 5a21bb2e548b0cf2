// Near duplicates: what is near is found, what is not is left, whatever the number of rows.
import { describe, expect, test } from "vitest";
import { createNearIndex } from "./near-index.js";
import { minhash, similarity, writeSignature } from "./signature.js";

const random = numbers(7);

describe("clusters", () => {
  test("a row is near to the first of its cluster; case, accents and punctuation do not matter", async () => {
    const rows = [
      "The lamp in room 12 is broken and the café has no light since Monday, please send somebody.",
      "Please tell me how I can change the address to which my next order will be sent.",
      "the lamp in room 12 is broken, and the cafe has no light since monday; please send somebody!",
      "",
      "",
    ];
    expect([...(await clusters(rows))]).toEqual([0, 1, 0, 3, 4]);
  });

  test("another number is another row, however it is written", async () => {
    const rows = ["1 + 1 = ?\n2", "2 + 2 = ?\n4", "What is 12 * 3,000?\n36000", "what is 12 * 3000\n36,000"];
    expect([...(await clusters(rows))]).toEqual([0, 1, 2, 2]);
    expect([...(await clusters(rows.map((row) => `é ${row}`)))]).toEqual([0, 1, 2, 2]);
  });

  test("texts of scripts without spaces are compared by characters", async () => {
    const one = "我想退回上周购买的商品，因为颜色和网站上显示的不一样，请告诉我应该怎么做。";
    expect([
      ...(await clusters([one, "请问你们的营业时间是什么时候？周末也开门吗？", one.replace("做。", "办？")])),
    ]).toEqual([0, 1, 0]);
  });

  test("more rows than the memory holds are clustered just the same", async () => {
    const rows = Array.from({ length: 40_000 }, (_, index) =>
      index % 1000 === 999 ? sentence(index - 500) : sentence(index),
    );
    const found = await clusters(rows);
    const wrong = rows.findIndex((_, row) => found[row] !== (row % 1000 === 999 ? row - 500 : row));
    expect(wrong).toBe(-1);
  });
});

test("pairs are found as often as the bands promise: 1 - (1 - s^8)^14", () => {
  for (const kept of [0.6, 0.75, 0.9, 0.97]) {
    let found = 0;
    let promised = 0;
    for (let pair = 0; pair < 400; pair += 1) {
      const words = Array.from({ length: 200 }, () => `w${letters(random())}`);
      const changed = words.map((word) => (random() < (1 - kept) / 4 ? `x${letters(random())}` : word));
      const [a, b] = [words.join(" "), changed.join(" ")];
      promised += 1 - (1 - similarity(a, b) ** minhash.hashesPerBand) ** minhash.bands;
      if (shareBand(a, b)) found += 1;
    }
    expect(Math.abs(found - promised) / 400, `kept ${kept}`).toBeLessThan(0.06);
  }
});

function shareBand(a: string, b: string): boolean {
  const [left, right] = [new Uint32Array(2 * minhash.bands), new Uint32Array(2 * minhash.bands)];
  writeSignature(a, left, 0);
  writeSignature(b, right, 0);
  return left.some((word, at) => at % 2 === 0 && word === right[at] && left[at + 1] === right[at + 1]);
}

async function clusters(rows: string[]): Promise<Int32Array> {
  const index = createNearIndex();
  for (const row of rows) index.add(row);
  return index.finish();
}

function sentence(seed: number): string {
  const next = numbers(seed + 1);
  return Array.from({ length: 12 }, () => letters(next())).join(" ");
}

function letters(value: number): string {
  return Math.floor(value * 26 ** 5)
    .toString(26)
    .replace(/\d/g, (digit) => String.fromCharCode(112 + Number(digit)));
}

function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
    mixed ^= mixed >>> 13;
    return (mixed >>> 0) / 2 ** 32;
  };
}
