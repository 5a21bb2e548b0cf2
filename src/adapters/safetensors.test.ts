// Headers that are whole are read, headers that lie are told apart, and every number is looked at.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeSafetensors } from "../../test/write-safetensors.js";
import { readNumbers, readSafetensorsHeader, summarizeTensors } from "./safetensors.js";

const file = join(mkdtempSync(join(tmpdir(), "ft-safetensors-")), "x.safetensors");
const two = [
  { name: "a", shape: [2, 2], values: [1, 2, 3, 4] },
  { name: "b", shape: [3], values: [0, -0, 0] },
];

it("reads what the real library wrote", () => {
  const real = new URL("../../test/fixtures/tiny-lora/adapter/adapter_model.safetensors", import.meta.url).pathname;
  const { tensors } = readSafetensorsHeader(real);
  expect(tensors).toHaveLength(14);
  expect(tensors?.map(({ name }) => name)).toContain("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight");
});

it("reads its own names, types, shapes and places", () => {
  const bytes = writeSafetensors(file, two);
  const dataStart = bytes.length - 28;
  expect(readSafetensorsHeader(file).tensors).toEqual([
    { name: "a", dtype: "F32", shape: [2, 2], begin: dataStart, end: dataStart + 16 },
    { name: "b", dtype: "F32", shape: [3], begin: dataStart + 16, end: dataStart + 28 },
  ]);
});

it.each<[string, RegExp, () => void]>([
  ["an empty file", /only 0 bytes/, () => writeFileSync(file, "")],
  ["a file cut in its data", /is cut: b ends/, () => writeFileSync(file, writeSafetensors(file, two).subarray(0, -1))],
  ["a file cut in its header", /header ends/, () => writeFileSync(file, writeSafetensors(file, two).subarray(0, 40))],
  [
    "bytes after the last tensor",
    /1 bytes that belong/,
    () => writeFileSync(file, Buffer.concat([writeSafetensors(file, two), Buffer.alloc(1)])),
  ],
  ["a header of petabytes", /over 100 MB/, () => writeFileSync(file, Buffer.alloc(16, 0x7f))],
  ["a pickle of torch.save", /a pickle/, () => writeFileSync(file, "PK\u0003\u0004 this is a torch zip file")],
  ["a bare pickle", /a pickle/, () => writeFileSync(file, Buffer.from("80024b2a2e0000000000", "hex"))],
  [
    "a header that is an array",
    /no tensor table/,
    () => writeFileSync(file, Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from("[]")])),
  ],
  [
    "a hole",
    /hole or an overlap before b/,
    () =>
      void writeSafetensors(file, two, (header) => {
        header.b!.data_offsets = [20, 32];
      }),
  ],
  [
    "an overlap",
    /hole or an overlap before b/,
    () =>
      void writeSafetensors(file, two, (header) => {
        header.b!.data_offsets = [12, 24];
      }),
  ],
  [
    "a shape that needs other bytes",
    /do not fit its shape \[5\]/,
    () =>
      void writeSafetensors(file, two, (header) => {
        header.b!.shape = [5];
      }),
  ],
  [
    "an unknown type",
    /unknown type F7/,
    () =>
      void writeSafetensors(file, two, (header) => {
        header.a!.dtype = "F7";
      }),
  ],
  [
    "a negative offset",
    /no tensor table/,
    () =>
      void writeSafetensors(file, two, (header) => {
        header.a!.data_offsets = [-4, 12];
      }),
  ],
])("refuses %s", (_name, problem, make) => {
  make();
  expect(readSafetensorsHeader(file).problem).toMatch(problem);
});

it("finds zeros, NaN and infinity in F32, F16 and BF16, past the first piece too", () => {
  const long = Array.from({ length: 300_000 }, () => 1);
  long[299_999] = Number.NaN;
  long[5] = Number.NEGATIVE_INFINITY;
  writeSafetensors(file, [...two, { name: "long", shape: [300_000], values: long }]);
  const summary = summarizeTensors(file, readSafetensorsHeader(file).tensors!);
  expect(Object.fromEntries(summary)).toEqual({
    a: { nonFinite: 0, allZero: false },
    b: { nonFinite: 0, allZero: true },
    long: { nonFinite: 2, allZero: false },
  });

  // Two 16-bit numbers in the place of one F32: 0x7f80 is infinity as BF16 and NaN as F16, 0x3f80 is a number in both.
  for (const dtype of ["BF16", "F16"]) {
    const bytes = writeSafetensors(file, [{ name: "h", shape: [2], values: [0] }], (header) => {
      header.h!.dtype = dtype;
    });
    bytes.writeUInt16LE(0x7f80, bytes.length - 4);
    bytes.writeUInt16LE(0x3f80, bytes.length - 2);
    writeFileSync(file, bytes);
    expect(summarizeTensors(file, readSafetensorsHeader(file).tensors!).get("h")).toEqual({
      nonFinite: 1,
      allZero: false,
    });
  }
});

it.each<[string, { bad: string; good: string; zero: string }]>([
  // Bytes of one number, little-endian: an infinity or NaN, the largest finite one or the like, zero.
  ["F64", { bad: "000000000000f0ff", good: "ffffffffffffef7f", zero: "0000000000000080" }],
  ["F64", { bad: "010000000000f87f", good: "0100000000000000", zero: "0000000000000000" }],
  ["C64", { bad: "0000803f0000807f", good: "00000000ffff7f7f", zero: "0000000000000080" }],
  ["F8_E5M2", { bad: "7c", good: "7b", zero: "80" }],
  ["F8_E5M2", { bad: "ff", good: "01", zero: "00" }],
  ["F8_E4M3", { bad: "7f", good: "7e", zero: "80" }],
  ["F8_E4M3", { bad: "ff", good: "fe", zero: "00" }],
])("finds them in %s too", (dtype, { bad, good, zero }) => {
  const look = (...numbers: string[]) => {
    const data = Buffer.from(numbers.join(""), "hex");
    const header = { h: { dtype, shape: [numbers.length], data_offsets: [0, data.length] } };
    const json = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    writeFileSync(file, Buffer.concat([length, json, data]));
    return summarizeTensors(file, readSafetensorsHeader(file).tensors!).get("h");
  };
  expect(look(zero, bad, good, bad)).toEqual({ nonFinite: 2, allZero: false });
  expect(look(zero, good)).toEqual({ nonFinite: 0, allZero: false });
  expect(look(zero, zero)).toEqual({ nonFinite: 0, allZero: true });
});

it("reads the numbers of F32, F16 and BF16, and of no other type", () => {
  const read = (dtype: string, halves: number[]) => {
    const bytes = writeSafetensors(
      file,
      [{ name: "h", shape: [halves.length], values: numbers(halves.length / 2) }],
      (header) => {
        header.h!.dtype = dtype;
      },
    );
    for (const [index, half] of halves.entries()) bytes.writeUInt16LE(half, bytes.length - 2 * (halves.length - index));
    writeFileSync(file, bytes);
    return readNumbers(file, readSafetensorsHeader(file).tensors![0]!);
  };
  const numbers = (count: number) => Array.from({ length: count }, () => 0);
  expect([...read("BF16", [0x3f80, 0xc000, 0x0000, 0x4049])!]).toEqual([1, -2, 0, 3.140625]);
  expect([...read("F16", [0x3c00, 0xc000, 0x0001, 0x3555])!]).toEqual([1, -2, 2 ** -24, 0.333251953125]);
  expect(read("I16", [1, 2])).toBeNull();
});
