// Which files an address means: declared in a README, named by folders and shards, converted by the Hub; and the questions where it leaves more than one.
import { describe, expect, test } from "vitest";
import type { FtError } from "../../errors.js";
import { parseHubAddress } from "./address.js";
import { chooseFiles, missingShards } from "./choose-files.js";
import { convertedSplits, matchingFiles, repositorySplits } from "./repository-splits.js";

const readme = (configs: string) => `---\nlicense: mit\nconfigs:\n${configs}\n---\n# Data\n`;

const cases: { name: string; paths: string[]; readme?: string; query?: string; files: string[] }[] = [
  {
    name: "a README's patterns",
    paths: ["a/train-1.jsonl", "a/train-2.jsonl", "a/test.jsonl", "b.jsonl"],
    readme: readme(
      "- config_name: main\n  data_files:\n  - {split: train, path: a/train-*}\n  - {split: test, path: a/test.jsonl}",
    ),
    files: ["a/train-1.jsonl", "a/train-2.jsonl"],
  },
  {
    name: "the split that is asked for",
    paths: ["a/train-1.jsonl", "a/test.jsonl"],
    readme: readme("- config_name: main\n  data_files:\n    train: a/train-*\n    test: [a/test.jsonl]"),
    query: "?config=main&split=test",
    files: ["a/test.jsonl"],
  },
  {
    name: "the config that a README calls its default",
    paths: ["x/1.csv", "y/1.csv"],
    readme: readme("- {config_name: x, data_dir: x}\n- {config_name: y, data_dir: y, default: true}"),
    files: ["y/1.csv"],
  },
  {
    name: "shards in data/",
    paths: [
      "README.md",
      "data/train-00000-of-00002.parquet",
      "data/train-00001-of-00002.parquet",
      "data/test-00000-of-00001.parquet",
    ],
    files: ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"],
  },
  {
    name: "shards of a split with a name of its own",
    paths: [
      "data/train_sft-00000-of-00001.parquet",
      "data/test_sft-00000-of-00001.parquet",
      "data/gen-00000-of-00001.parquet",
    ],
    query: "?split=gen",
    files: ["data/gen-00000-of-00001.parquet"],
  },
  {
    name: "words in names",
    paths: ["my_train.jsonl", "my_dev.jsonl"],
    query: "?split=validation",
    files: ["my_dev.jsonl"],
  },
  {
    name: "folders as splits",
    paths: ["train/1.json", "train/2.json", "test/1.json"],
    files: ["train/1.json", "train/2.json"],
  },
  { name: "folders as configs", paths: ["en/train.csv", "de/train.csv"], query: "?config=de", files: ["de/train.csv"] },
  {
    name: "no word at all: all is train",
    paths: ["b.jsonl.gz", "a.jsonl.gz", "LICENSE.txt", "dataset_infos.json", ".x.jsonl"],
    files: ["a.jsonl.gz", "b.jsonl.gz"],
  },
  { name: "a README that is no YAML", paths: ["a.jsonl"], readme: "---\n: [\n---\n", files: ["a.jsonl"] },
];

test.each(cases)("$name", ({ paths, readme: text = null, query = "", files }) => {
  const address = parseHubAddress(`hf://datasets/org/name${query}`);
  expect(chooseFiles(address, repositorySplits(paths, text))).toEqual(files);
});

const questions: { name: string; paths: string[]; query?: string; code: string; says: RegExp }[] = [
  {
    name: "several configs",
    paths: ["en/train.csv", "de/train.csv"],
    code: "data.hub-config",
    says: /de, en.*config=de/s,
  },
  {
    name: "a config that is not there",
    paths: ["en/train.csv", "de/train.csv"],
    query: "?config=dd",
    code: "data.hub-config",
    says: /did you mean config=de/,
  },
  {
    name: "several splits and no train",
    paths: ["dev.csv", "test.csv"],
    code: "data.hub-split",
    says: /validation, test.*split=validation/s,
  },
  {
    name: "a split that is not there",
    paths: ["train.csv", "test.csv"],
    query: "?split=tests",
    code: "data.hub-split",
    says: /did you mean split=test\?/,
  },
  {
    name: "two kinds of one split",
    paths: ["train.csv", "train.parquet"],
    code: "data.several-kinds",
    says: /\.csv, \.parquet/,
  },
  { name: "nothing that ft reads", paths: ["script.py", "images.zip"], code: "data.hub-files", says: /no data files/ },
];

test.each(questions)("$name: a question with the answers listed", ({ paths, query = "", code, says }) => {
  const address = parseHubAddress(`hf://datasets/org/name${query}`);
  const error = refusal(() => chooseFiles(address, repositorySplits(paths, null)));
  expect(error).toMatchObject({ code, exit: "data" });
  expect([error.message, error.why, error.next].join("\n")).toMatch(says);
});

test("the Hub's own Parquet files are config, split, part", () => {
  const splits = convertedSplits(["a/train/0001.parquet", "a/train/0000.parquet", "a/test/0000.parquet", "x.txt"]);
  expect(chooseFiles(parseHubAddress("hf://datasets/org/name"), splits)).toEqual([
    "a/train/0000.parquet",
    "a/train/0001.parquet",
  ]);
});

test("a path is a file, a folder or a pattern", () => {
  const paths = ["a/1.jsonl", "a/2.jsonl", "a/b/3.jsonl", "a/note.md", "c.csv"];
  expect(matchingFiles(paths, "a/1.jsonl")).toEqual(["a/1.jsonl"]);
  expect(matchingFiles(paths, "a")).toEqual(["a/1.jsonl", "a/2.jsonl"]);
  expect(matchingFiles(paths, "a/**/*.jsonl")).toEqual(["a/1.jsonl", "a/2.jsonl", "a/b/3.jsonl"]);
  expect(matchingFiles(paths, "d")).toEqual([]);
});

test("parts of a split that are not there are named", () => {
  expect(missingShards(["t-00000-of-00003.parquet", "t-00002-of-00003.parquet", "x.jsonl"])).toEqual([
    "t-00001-of-00003.parquet",
  ]);
});

describe("an address", () => {
  test.each([
    ["hf://datasets/o/n", { id: "o/n", revision: null, path: null, config: null, split: null }],
    ["hf://datasets/o/n@v1.0/a/b.jsonl", { id: "o/n", revision: "v1.0", path: "a/b.jsonl" }],
    ["hf://datasets/o/n@refs/convert/parquet/c", { revision: "refs/convert/parquet", path: "c" }],
    ["hf://datasets/o/n@refs%2Fpr%2F1?config=c&split=s", { revision: "refs/pr/1", config: "c", split: "s" }],
  ])("%s", (text, parts) => {
    expect(parseHubAddress(text)).toMatchObject({ text, ...parts });
  });

  test.each([
    ["hf://models/o/n", "hf://datasets/"],
    ["hf://datasets/n", "org/name"],
    ["hf://datasets/o/n?splt=train", "did you mean split?"],
    ["hf://datasets/o/n?revision=v1", "hf://datasets/o/n@v1"],
    ["hf://datasets/o/n?split=", "split is empty"],
    ["hf://datasets/o/n/a.jsonl?split=train", "a path inside the repository"],
  ])("%s is refused", (text, says) => {
    const { code, why, next } = refusal(() => parseHubAddress(text));
    expect(code).toBe("data.hub-address");
    expect(`${why} ${next}`).toContain(says);
  });
});

function refusal(work: () => unknown): FtError {
  try {
    work();
  } catch (error) {
    return error as FtError;
  }
  throw new Error("it was not refused");
}
