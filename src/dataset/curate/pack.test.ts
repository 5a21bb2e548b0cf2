// Packing: small cases by hand, and TRL's own pack_dataset on random lengths.
import { execa } from "execa";
import { expect, test } from "vitest";
import { requiredEnv } from "../../../test/project.js";
import { packing } from "./pack.js";

test("each strategy by hand: sequences, filled share, what is cut", () => {
  const lengths = [6, 5, 4, 3, 12, 0];
  expect(packing(lengths, 10, "none")).toMatchObject({ sequences: 5, cutTokens: 2, cutRows: 1, filled: 28 / 50 });
  expect(packing(lengths, 10, "bfd")).toMatchObject({ sequences: 3, cutTokens: 2, cutRows: 1, filled: 28 / 30 });
  expect(packing(lengths, 10, "bfd_split")).toMatchObject({ sequences: 3, cutTokens: 0, cutRows: 1, filled: 1 });
  expect(packing(lengths, 10, "wrapped")).toMatchObject({ sequences: 3, cutTokens: 0, cutRows: 2, filled: 1 });
  expect(packing([], 10, "bfd")).toMatchObject({ sequences: 0, filled: 0 });
});

test("as many sequences as TRL's pack_dataset makes", async () => {
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const lengths = Array.from({ length: 3500 }, () => 1 + Math.floor(90 * next() ** 3));
  const script = `
import json, sys
from datasets import Dataset
from trl.data_utils import pack_dataset
lengths = json.load(sys.stdin)
rows = Dataset.from_dict({"input_ids": [[1] * n for n in lengths]})
print(json.dumps([len(pack_dataset(rows, 64, strategy)) for strategy in ("bfd", "bfd_split", "wrapped")]))`;
  const { stdout } = await execa(requiredEnv("FT_TEST_PYTHON"), ["-c", script], { input: JSON.stringify(lengths) });
  const theirs = JSON.parse(stdout.trim().split("\n").at(-1) as string);
  const ours = (["bfd", "bfd_split", "wrapped"] as const).map((strategy) => packing(lengths, 64, strategy).sequences);
  expect(ours).toEqual(theirs);
}, 600_000);
