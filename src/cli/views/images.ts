// How trainer images look on a terminal: the list, and one in full.
import type { TrainerImage } from "../../engines/image/trainer-images.js";
import { plainTable } from "./plain-table.js";

/** One line an image; empty when there is none. Ends with a newline. */
export function imageTable(images: TrainerImage[]): string {
  if (images.length === 0) return "";
  const columns = ["image", "engine", "for", "lock", "ft", "size"].map((head) => ({ head }));
  const rows = images.map((image) => [
    image.tags[0] ?? image.id.slice(0, 19),
    `${image.engine} ${image.engineVersion}`,
    accelerator(image),
    image.lockHash,
    image.ftVersion,
    size(image),
  ]);
  return `${plainTable(columns, rows).join("\n")}\n`;
}

/** Everything about one image. Ends with a newline. */
export function imageText(image: TrainerImage): string {
  const lines: [string, string][] = [
    ["engine", `${image.engine} ${image.engineVersion}, for ${accelerator(image)}`],
    ["lock", image.lockHash],
    ["made by", `ft ${image.ftVersion}, ${image.createdAt}`],
    ["size", size(image)],
    ["id", image.id],
    ...image.digests.map((digest): [string, string] => ["digest", digest]),
  ];
  const text = lines.map(([label, value]) => `  ${label.padEnd(9)}${value}\n`).join("");
  return `${image.tags.join(", ") || "(no tag)"}\n${text}`;
}

function accelerator({ accelerator }: TrainerImage): string {
  return accelerator === "cpu" ? "cpu" : `CUDA ${accelerator}`;
}

function size({ bytes }: TrainerImage): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
