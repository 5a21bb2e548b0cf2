// A tiny safetensors writer, so that tests can make files of any shape, whole or broken.
import { writeFileSync } from "node:fs";

export interface TensorToWrite {
  name: string;
  shape: number[];
  /** F32 numbers. */
  values: number[];
}

/** Returns the bytes that it wrote. `header` may spoil the table before it is written. */
export function writeSafetensors(
  file: string,
  tensors: TensorToWrite[],
  spoil: (header: Record<string, { dtype: string; shape: number[]; data_offsets: number[] }>) => void = () => {},
): Buffer {
  const header: Record<string, { dtype: string; shape: number[]; data_offsets: number[] }> = {};
  let offset = 0;
  for (const { name, shape, values } of tensors) {
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + values.length * 4] };
    offset += values.length * 4;
  }
  spoil(header);
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const data = Buffer.from(new Float32Array(tensors.flatMap(({ values }) => values)).buffer);
  const bytes = Buffer.concat([length, json, data]);
  writeFileSync(file, bytes);
  return bytes;
}
