// Arrow's columnar values as JSON values that lose nothing: integers beyond 2^53 as bigint, doubles as floats, structs in the schema's order.
import { isUtf8 } from "node:buffer";
import {
  type Data,
  DataType,
  type Date_,
  DateUnit,
  type Decimal,
  type Field,
  type FixedSizeBinary,
  type FixedSizeList,
  Precision,
  type RecordBatch,
  type Time,
  type Timestamp,
  TimeUnit,
  Type,
} from "apache-arrow";
import { Float, type Json, type JsonObject } from "../json/json.js";
import { mapOrObject, parseJson } from "../json/parse-json.js";
import type { UnsaidValue } from "./read-records.js";

/** A value that no JSON value stands for (NaN, a union): its column is null in this row, and told. */
class NoJsonValue extends Error {}

type ReadValue = (index: number) => Json;

interface BatchRow {
  value: JsonObject;
  unsaid?: UnsaidValue[];
}

/** @throws RangeError where the batch contradicts itself */
export function* batchRows(batch: RecordBatch): Generator<BatchRow> {
  const short = batch.data.children.find((child) => child.length < batch.numRows);
  if (short) throw new RangeError(`a column of type ${short.type} is shorter than its batch`);
  let unsaid: UnsaidValue[] = [];
  const orNull = (name: string, read: () => Json): Json => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof NoJsonValue)) throw error;
      unsaid.push({ column: name, why: error.message });
      return null;
    }
  };
  const read = structReader(batch.data.children, batch.schema.fields, orNull);
  for (let index = 0; index < batch.numRows; index += 1) {
    const value = read(index);
    yield unsaid.length > 0 ? { value, unsaid } : { value };
    unsaid = [];
  }
}

function structReader(
  children: Data[],
  fields: Field[],
  inColumn: (name: string, read: () => Json) => Json = named,
): (index: number) => JsonObject {
  const columns = fields.map((field, at) => ({ name: field.name, read: fieldReader(children[at]!, field) }));
  const toObject = objectMaker(columns.map(({ name }) => name));
  return (index) => toObject(({ name, read }) => inColumn(name, () => read(index)), columns);
}

type Column = { name: string; read: ReadValue };

/** A Map where a plain object would order or lose the keys. */
function objectMaker(names: string[]): (value: (column: Column) => Json, columns: Column[]) => JsonObject {
  if (mapOrObject(new Map(names.map((name) => [name, null]))) instanceof Map)
    return (value, columns) => new Map(columns.map((column) => [column.name, value(column)]));
  return (value, columns) => {
    const row: { [key: string]: Json } = {};
    for (const column of columns) row[column.name] = value(column);
    return row;
  };
}

function named(name: string, read: () => Json): Json {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof NoJsonValue)) throw error;
    throw new NoJsonValue(`"${name}": ${error.message}`);
  }
}

function fieldReader(data: Data, field: Field): ReadValue {
  const read = valueReader(data);
  // The canonical extension type for JSON, as pyarrow and datasets write it.
  if (field.metadata.get("ARROW:extension:name") !== "arrow.json") return read;
  return (index) => {
    const text = read(index);
    if (typeof text !== "string") return text;
    const parsed = parseJson(text);
    if ("value" in parsed) return parsed.value;
    throw new NoJsonValue("it is declared as JSON, and is none");
  };
}

/** Null where the column has none; else the value by the column's type. */
function valueReader(data: Data): ReadValue {
  requireWhole(data);
  const read = presentReader(data);
  return data.nullCount === 0 ? read : (index) => (data.getValid(index) ? read(index) : null);
}

/** A damaged file may claim more values than its buffers hold. */
function requireWhole(data: Data): void {
  const { type, length, offset, nullCount, nullBitmap, values, valueOffsets, children } = data;
  const bits = (bitmap: Uint8Array) => bitmap.length * 8 - offset;
  const isWhole =
    (nullCount === 0 || !nullBitmap || nullBitmap.length === 0 || bits(nullBitmap) >= length) &&
    (length === 0 || !valueOffsets || valueOffsets.length === 0 || valueOffsets.length > length) &&
    (!DataType.isBool(type) || bits(values) >= length) &&
    (!isFixedWidth(type) || values.length >= length * data.stride) &&
    (!DataType.isStruct(type) || children.every((child) => child.length >= length)) &&
    (!DataType.isFixedSizeList(type) || children[0]!.length >= length * type.listSize);
  if (!isWhole) throw new RangeError(`a column of type ${type} is shorter than it claims`);
}

function isFixedWidth(type: DataType): boolean {
  return [
    DataType.isInt,
    DataType.isFloat,
    DataType.isDate,
    DataType.isTime,
    DataType.isTimestamp,
    DataType.isDuration,
    DataType.isDecimal,
    DataType.isFixedSizeBinary,
    DataType.isDictionary,
  ].some((is) => is(type));
}

function presentReader(data: Data): ReadValue {
  const { type } = data;
  switch (type.typeId) {
    case Type.Null:
      return () => null;
    case Type.Bool:
      return (index) => ((data.values[(data.offset + index) >> 3] >> ((data.offset + index) & 7)) & 1) === 1;
    case Type.Int:
      return (index) => integer(data.values[index]);
    case Type.Float:
      return (index) => float(numberAt(data, index));
    case Type.Utf8:
    case Type.LargeUtf8:
      return (index) => utf8(bytesAt(data, index));
    case Type.Binary:
    case Type.LargeBinary:
      return (index) => binary(bytesAt(data, index));
    case Type.FixedSizeBinary:
      return fixedBinaryReader(data);
    case Type.List:
    case Type.LargeList:
      return listReader(data, (index) => range(data, index, data.children[0]!.length));
    case Type.FixedSizeList:
      return fixedListReader(data);
    case Type.Struct:
      return structReader(data.children, type.children);
    case Type.Map:
      return mapReader(data);
    case Type.Dictionary:
      return dictionaryReader(data);
    case Type.Date:
      return (index) => dayOrTime(data, index);
    case Type.Timestamp:
      return (index) => timestamp(BigInt(data.values[index]), type as Timestamp);
    case Type.Time:
      return (index) => clock(BigInt(data.values[index]), (type as Time).unit);
    case Type.Duration:
      return (index) => integer(data.values[index]);
    case Type.Decimal:
      return (index) => decimal(data, index);
    default:
      return otherReader(data);
  }
}

function integer(value: number | bigint): number | bigint {
  if (typeof value === "number") return value;
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

function float(value: number): number | Float {
  if (!Number.isFinite(value)) throw new NoJsonValue(`${value} is no JSON number`);
  if (!Number.isInteger(value)) return value;
  const text = Object.is(value, -0) ? "-0" : String(value);
  return new Float(value, /[e.]/.test(text) ? text : `${text}.0`);
}

function numberAt(data: Data, index: number): number {
  return (data.type as DataType & { precision: Precision }).precision === Precision.HALF
    ? halfFloat(data.values[index])
    : data.values[index];
}

/** IEEE 754 binary16. */
function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = (bits & 0x3ff) / 1024;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Infinity;
  return exponent === 0 ? sign * 2 ** -14 * fraction : sign * 2 ** (exponent - 15) * (1 + fraction);
}

/** From a column's offsets, checked against what it indexes. */
function range(data: Data, index: number, length: number): [number, number] {
  const start = Number(data.valueOffsets[index]);
  const end = Number(data.valueOffsets[index + 1]);
  if (start >= 0 && end >= start && end <= length) return [start, end];
  throw new RangeError(`the offsets of a column of type ${data.type} point outside of it`);
}

function bytesAt(data: Data, index: number): Buffer {
  const values = data.values as Uint8Array;
  const [start, end] = range(data, index, values.length);
  return Buffer.from(values.buffer, values.byteOffset + start, end - start);
}

function utf8(bytes: Buffer): string {
  if (bytes.length > 0 && !isUtf8(bytes)) throw new NoJsonValue("it is not valid UTF-8");
  return bytes.toString();
}

/** Some writers (Spark, Hive) leave out that bytes are text. What is none is an object, which loses nothing and which no format takes for text. */
function binary(bytes: Buffer): Json {
  return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString() : { base64: bytes.toString("base64") };
}

function listReader(data: Data, rangeOf: (index: number) => [number, number]): ReadValue {
  const read = fieldReader(data.children[0]!, data.type.children[0]!);
  return (index) => {
    const [start, end] = rangeOf(index);
    const list: Json[] = [];
    for (let at = start; at < end; at += 1) list.push(read(at));
    return list;
  };
}

function fixedListReader(data: Data): ReadValue {
  const { listSize } = data.type as FixedSizeList;
  return listReader(data, (index) => [index * listSize, (index + 1) * listSize]);
}

function fixedBinaryReader(data: Data): ReadValue {
  const { byteWidth } = data.type as FixedSizeBinary;
  return (index) => binary(Buffer.from(data.values.subarray(index * byteWidth, (index + 1) * byteWidth)));
}

/** Keys that are texts make an object; others a list of pairs. */
function mapReader(data: Data): ReadValue {
  const [keys, values] = data.children[0]!.children as [Data, Data];
  const entry = data.type.children[0]!.type;
  const [readKey, readValue] = [fieldReader(keys, entry.children[0]), fieldReader(values, entry.children[1])];
  return (index) => {
    const [start, end] = range(data, index, keys.length);
    const pairs: [Json, Json][] = [];
    for (let at = start; at < end; at += 1) pairs.push([readKey(at), readValue(at)]);
    const isNamed = pairs.every((pair): pair is [string, Json] => typeof pair[0] === "string");
    return isNamed ? mapOrObject(new Map(pairs)) : pairs;
  };
}

function dictionaryReader(data: Data): ReadValue {
  // A dictionary that grew on the way is several pieces.
  const pieces = (data.dictionary?.data ?? []).map((piece) => ({ length: piece.length, read: valueReader(piece) }));
  return (index) => {
    let at = Number(data.values[index]);
    for (const { length, read } of pieces) {
      if (at >= 0 && at < length) return read(at);
      at -= length;
    }
    throw new RangeError("an index points outside of its dictionary");
  };
}

function dayOrTime(data: Data, index: number): string {
  const isDay = (data.type as Date_).unit === DateUnit.DAY;
  const millis = isDay ? Number(data.values[index]) * 86_400_000 : Number(data.values[index]);
  return iso(millis).slice(0, isDay ? 10 : 19);
}

const perSecond: Readonly<Record<number, bigint>> = {
  [TimeUnit.SECOND]: 1n,
  [TimeUnit.MILLISECOND]: 1_000n,
  [TimeUnit.MICROSECOND]: 1_000_000n,
  [TimeUnit.NANOSECOND]: 1_000_000_000n,
};

/** "2026-01-31T12:00:00.123456", with a Z when the column has a time zone: the value itself is then in UTC. */
function timestamp(value: bigint, { unit, timezone }: Timestamp): string {
  const { whole, fraction } = seconds(value, unit);
  return `${iso(Number(whole) * 1000).slice(0, -5)}${fraction}${timezone ? "Z" : ""}`;
}

function clock(value: bigint, unit: number): string {
  const { whole, fraction } = seconds(value, unit);
  return `${iso(Number(whole) * 1000).slice(11, 19)}${fraction}`;
}

/** Rounded down, and the digits after the point ("" when there are none). */
function seconds(value: bigint, unit: number): { whole: bigint; fraction: string } {
  const per = perSecond[unit]!;
  const rest = ((value % per) + per) % per;
  const digits =
    rest === 0n
      ? ""
      : `.${String(rest)
          .padStart(String(per).length - 1, "0")
          .replace(/0+$/, "")}`;
  return { whole: (value - rest) / per, fraction: digits };
}

function iso(millis: number): string {
  const date = new Date(millis);
  if (Number.isNaN(date.getTime())) throw new NoJsonValue("the date is out of range");
  return date.toISOString();
}

/** Exact, as text: "12.50". */
function decimal({ values, type: anyType }: Data, index: number): string {
  const type = anyType as Decimal;
  const words = type.bitWidth / 32;
  let value = 0n;
  for (let word = words - 1; word >= 0; word -= 1) value = (value << 32n) | BigInt(values[index * words + word] >>> 0);
  value = BigInt.asIntN(words * 32, value);
  const digits = String(value < 0n ? -value : value).padStart(type.scale + 1, "0");
  const text = type.scale > 0 ? `${digits.slice(0, -type.scale)}.${digits.slice(-type.scale)}` : digits;
  return value < 0n ? `-${text}` : text;
}

/** Text by views (arrow-js follows them); unions and intervals are told. */
function otherReader(data: Data): ReadValue {
  const { type } = data;
  if (!DataType.isUtf8View(type) && !DataType.isBinaryView(type))
    return () => {
      throw new NoJsonValue(`no JSON value stands for the type ${type}`);
    };
  const isText = DataType.isUtf8View(type);
  return (index) => {
    const bytes = viewBytes(data, index);
    return isText ? utf8(bytes) : binary(bytes);
  };
}

/** 16 bytes a value: its length, then itself (12 bytes at most) or prefix, buffer and offset. */
function viewBytes(data: Data, index: number): Buffer {
  const raw = data.values as Uint8Array;
  const view = Buffer.from(raw.buffer, raw.byteOffset + index * 16, 16);
  const length = view.readInt32LE(0);
  if (length >= 0 && length <= 12) return view.subarray(4, 4 + length);
  const buffer = data.variadicBuffers[view.readInt32LE(8)];
  const start = view.readInt32LE(12);
  if (!buffer || length < 0 || start < 0 || start + length > buffer.length)
    throw new RangeError("a view points outside of its buffers");
  return Buffer.from(buffer.buffer, buffer.byteOffset + start, length);
}
