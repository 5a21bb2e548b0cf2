// Files of every kind, written by pyarrow and Python's csv and gzip: the same rows and hash from each, exact values, and what damage to them does.
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { beforeAll, expect, test } from "vitest";
import { FtError } from "../../errors.js";
import { datasetFacts } from "../dataset-facts.js";
import { Float } from "../json/json.js";
import { type DataRecord, type ReadOptions, readRecords } from "./read-records.js";

let dir: string;

/** Conversations and reward columns of random unicode text, seeded; nested, flat, and one table of every Arrow type. */
const writer = `
import csv, datetime as dt, decimal, gzip, json, random, sys
import pyarrow as pa, pyarrow.csv, pyarrow.feather as feather, pyarrow.ipc as ipc, pyarrow.parquet as parquet
random.seed(6)
alphabet = 'abc de,"\\n;\\t é漢😀\\u2028'
def text():
    return "x" + "".join(random.choice(alphabet) for _ in range(random.randrange(1, 40))) + "x"
def turns():
    return [{"role": role, "content": text()} for _ in range(random.randrange(1, 4)) for role in ("user", "assistant")]
chats = [{"messages": turns()} for _ in range(500)]
flat = [{"prompt": text(), "completion": text()} for _ in range(500)]
prompts = [{"prompt": text(), "answer": random.randrange(-2**40, 2**40), "level": random.random(), "is_hard": random.random() < 0.5,
            "tags": [text() for _ in range(random.randrange(3))], "meta": {"source": text(), "page": None}} for _ in range(500)]
for name, rows in {"chats": chats, "flat": flat, "prompts": prompts}.items():
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\\n" for row in rows)
    open(f"{name}.jsonl", "w", newline="").write(lines)
    json.dump(rows, open(f"{name}.json", "w"), indent=1)
    half = len(lines) // 2
    open(f"{name}.jsonl.gz", "wb").write(gzip.compress(lines[:half].encode()) + gzip.compress(lines[half:].encode()))
    zstd = pa.Codec("zstd")
    open(f"{name}.jsonl.zst", "wb").write(b"".join(zstd.compress(part.encode(), asbytes=True) for part in (lines[:half], lines[half:])))
    table = pa.Table.from_pylist(rows)
    for codec in ("none", "snappy", "gzip", "zstd", "brotli", "lz4"):
        parquet.write_table(table, f"{name}-{codec}.parquet", compression=codec, row_group_size=170)
    parquet.write_table(table, f"{name}-v2.parquet", data_page_version="2.0", use_dictionary=False, data_page_size=1000)
    for codec in ("uncompressed", "lz4", "zstd"):
        feather.write_feather(table, f"{name}-{codec}.feather", compression=codec, chunksize=130)
    with ipc.new_stream(f"{name}-stream.arrow", table.schema) as sink: sink.write_table(table, max_chunksize=130)
    strings = [pa.field(f.name, pa.large_string() if f.type == pa.string() else f.type) for f in table.schema]
    feather.write_feather(table.cast(pa.schema(strings)), f"{name}-large.arrow", compression="uncompressed")
for delimiter, ending in ((",", "csv"), ("\\t", "tsv"), (";", "semicolon.csv")):
    for name, rows in {"flat": flat, "chats": chats}.items():
        with open(f"{name}.{ending}", "w", newline="") as out:
            sheet = csv.DictWriter(out, rows[0].keys(), delimiter=delimiter)
            sheet.writeheader()
            sheet.writerows({k: v if isinstance(v, str) else json.dumps(v) for k, v in row.items()} for row in rows)
big = 2**60
columns = {
    "i8": pa.array([-1, 1], pa.int8()), "u64": pa.array([2**64 - 1, 7], pa.uint64()), "i64": pa.array([big, -5]),
    "double": pa.array([2.0, 0.1]), "half": pa.array([0.5, -0.0], pa.float16()), "bool": pa.array([True, None]),
    "date": pa.array([dt.date(2026, 1, 31), dt.date(1969, 12, 31)]),
    "time": pa.array([dt.time(1, 2, 3, 4), dt.time(0, 0)]),
    "stamp": pa.array([dt.datetime(2026, 1, 31, 12, 0, 0, 120000), dt.datetime(1969, 12, 31, 23, 59, 59, 999999)]),
    "zoned": pa.array([dt.datetime(2026, 1, 31, 12, tzinfo=dt.timezone.utc)] * 2),
    "decimal": pa.array([decimal.Decimal("-0.05"), decimal.Decimal("12.50")]),
    "bytes": pa.array([b"\\x00\\xff", b"text"]), "dictionary": pa.array(["a", None]).dictionary_encode(),
    "map": pa.array([[("k", 1)], [("2", None)]], pa.map_(pa.string(), pa.int64())),
    "fixed": pa.array([[1, 2], [3, 4]], pa.list_(pa.int16(), 2)), "nothing": pa.nulls(2),
    "ordered": pa.array([{"b": 1, "10": [None]}, None], pa.struct([("b", pa.int64()), ("10", pa.list_(pa.string()))])),
}
types = pa.table(columns)
parquet.write_table(types, "types.parquet")
feather.write_feather(types, "types.arrow")
feather.write_feather(pa.table({"view": pa.array(["short", "longer than twelve bytes", None], pa.string_view())}), "view.arrow", compression="uncompressed")
`;

beforeAll(async () => {
  const python = process.env.FT_TEST_PYTHON;
  if (!python) throw new Error("FT_TEST_PYTHON is not set: vitest's global set-up makes the environment");
  dir = await mkdtemp(join(tmpdir(), "ft-kinds-"));
  execFileSync(python, ["-c", writer], { cwd: dir });
}, 600_000);

const facts = async (path: string) =>
  (await datasetFacts({ dir, train: [{ path, format: "auto", weight: 1 }], format: "auto", seed: 0 })).train;

const read = (path: string, options?: ReadOptions): Promise<DataRecord[]> =>
  Readable.from(readRecords(join(dir, path), path, options)).toArray();

test.each(["chats", "flat", "prompts"])("%s are the same rows in every kind of file", async (name) => {
  const others = readdirSync(dir).filter((file) => new RegExp(`^${name}[-.]`).test(file) && file !== `${name}.jsonl`);
  expect(others.length).toBeGreaterThan(13);
  const expected = await facts(`${name}.jsonl`);
  expect(expected.rows).toBe(500);
  for (const file of others) expect([file, await facts(file)]).toEqual([file, expected]);
});

test.each(["types.parquet", "types.arrow"])("%s: every type keeps its value", async (file) => {
  const [first, second, ...rest] = await read(file);
  expect(rest).toEqual([]);
  expect(first).toEqual({
    line: 1,
    value: {
      i8: -1,
      u64: 18446744073709551615n,
      i64: 1152921504606846976n,
      double: new Float(2, "2.0"),
      half: 0.5,
      bool: true,
      date: "2026-01-31",
      time: "01:02:03.000004",
      stamp: "2026-01-31T12:00:00.12",
      zoned: "2026-01-31T12:00:00Z",
      decimal: "-0.05",
      bytes: { base64: "AP8=" },
      dictionary: "a",
      map: { k: 1 },
      fixed: [1, 2],
      nothing: null,
      // A plain object would put "10" first.
      ordered: new Map<string, unknown>([
        ["b", 1],
        ["10", [null]],
      ]),
    },
  });
  expect(second).toEqual({
    line: 2,
    value: {
      i8: 1,
      u64: 7,
      i64: -5,
      double: 0.1,
      half: new Float(-0, "-0.0"),
      bool: null,
      date: "1969-12-31",
      time: "00:00:00",
      stamp: "1969-12-31T23:59:59.999999",
      zoned: "2026-01-31T12:00:00Z",
      decimal: "12.50",
      bytes: "text",
      dictionary: null,
      map: { 2: null },
      fixed: [3, 4],
      nothing: null,
      ordered: null,
    },
  });
});

test("text by views is text", async () => {
  const texts = (await read("view.arrow")).map((record) => "value" in record && record.value);
  expect(texts).toEqual([{ view: "short" }, { view: "longer than twelve bytes" }, { view: null }]);
});

const cuttable = [
  "chats.json",
  "chats.jsonl.gz",
  "chats.jsonl.zst",
  "chats-snappy.parquet",
  "chats-lz4.feather",
  "chats-stream.arrow",
];

test.each(cuttable)("%s that is cut off, anywhere, is told", async (file) => {
  const whole = await readFile(join(dir, file));
  // Not the last newline, and not between the two members of a packed file, which is a whole file too.
  for (const share of [0.3, 0.7, 0.95, 1]) {
    const bytes = whole.subarray(0, Math.floor(whole.length * share) - 2);
    await writeFile(join(dir, `cut-${file}`), bytes);
    const records = read(`cut-${file}`);
    if (file === "chats.json") expect((await records).at(-1)).toMatchObject({ problem: { rule: "FILE001" } });
    else
      await expect(records).rejects.toMatchObject({ code: "data.truncated", exit: "data", next: expect.any(String) });
  }
});

test("a file with changed bytes is read or refused by name, and never more than that", async () => {
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const files = [...cuttable, "types.parquet", "types.arrow", "view.arrow", "flat.csv", "prompts-v2.parquet"];
  const ends = { read: 0, refused: 0 };
  for (let round = 0; round < 220; round += 1) {
    const file = files[round % files.length]!;
    const bytes = Buffer.from(await readFile(join(dir, file)));
    for (let change = 0; change <= round % 4; change += 1) bytes[random(bytes.length)] = random(256);
    await writeFile(join(dir, `bad-${file}`), bytes);
    const end = await read(`bad-${file}`).catch((error) => error);
    if (!Array.isArray(end) && !(end instanceof FtError)) throw new Error(`${file}, round ${round}`, { cause: end });
    if (Array.isArray(end)) ends.read += 1;
    else {
      expect(end.message).toContain(file);
      ends.refused += 1;
    }
  }
  expect(ends.read).toBeGreaterThan(0);
  expect(ends.refused).toBeGreaterThan(0);
}, 600_000);

test("progress of a packed file counts its own bytes", async () => {
  const seen: [number, number][] = [];
  await read("chats.jsonl.zst", { onBytes: (done, size) => seen.push([done, size]) });
  const { length } = await readFile(join(dir, "chats.jsonl.zst"));
  expect(seen.at(-1)).toEqual([length, length]);
});
