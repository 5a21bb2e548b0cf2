// Cuts a file of JSON lines down to what a probe of memory needs: its longest lines, and some of all lengths.
import { createReadStream } from "node:fs";
import { open, rename } from "node:fs/promises";
import { splitLines } from "./sources/split-lines.js";

/**
 * So many of the longest lines, and as many evenly out of the rest, in their order: an engine may drop the very longest, whose answer lies
 * beyond max_length. Reads the file twice and holds one number a line.
 */
export async function keepLongestLines(file: string, lines: number): Promise<void> {
  const sizes: number[] = [];
  for await (const { bytes } of splitLines(createReadStream(file))) sizes.push(bytes.length);
  if (sizes.length <= 2 * lines) return;
  const kept = chosen(sizes, lines);
  const cut = await open(`${file}.partial`, "w");
  try {
    let index = 0;
    for await (const { bytes } of splitLines(createReadStream(file))) {
      if (kept.has(index++)) await cut.appendFile(Buffer.concat([bytes, newline]));
    }
  } finally {
    await cut.close();
  }
  await rename(`${file}.partial`, file);
}

const newline = Buffer.from("\n");

function chosen(sizes: readonly number[], lines: number): Set<number> {
  const byLength = sizes.map((_, at) => at).sort((a, b) => sizes[b]! - sizes[a]!);
  const [longest, rest] = [byLength.slice(0, lines), byLength.slice(lines)];
  const some = Array.from({ length: lines }, (_, at) => rest[Math.floor((at * rest.length) / lines)]!);
  return new Set([...longest, ...some]);
}
