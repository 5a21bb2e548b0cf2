// `ft data dedupe`: writes the rows without those that repeat an earlier one.
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Likeness } from "../../dataset/curate/dedupe.js";
import type { OnProgress } from "../../progress.js";
import type { Io } from "../io.js";
import type { CommandContext } from "../program.js";
import { type CurateFlags, curate, curateCommand } from "./curate-command.js";

interface Flags extends CurateFlags {
  by: "exact" | "loose" | "near" | "meaning";
  embedding?: string;
  similarity: number;
}

export function registerDataDedupe(data: Command, { io }: CommandContext): void {
  curateCommand(data, "dedupe", "write the rows without those that repeat an earlier one")
    .addOption(
      new Option(
        "--by <likeness>",
        "exact; loose: but for case and spaces; near: MinHash; meaning: sentence embeddings",
      )
        .choices(["exact", "loose", "near", "meaning"])
        .default("near"),
    )
    .option(
      "--embedding <model>",
      "for --by meaning: a hub id or folder (default sentence-transformers/all-MiniLM-L6-v2)",
    )
    .option("--similarity <cosine>", "for --by meaning: the least that counts as the same", cosine, 0.95)
    .action((files: string[], flags: Flags) =>
      curate(io, files, flags, async ({ source, onBytes, onProgress }) => {
        const { dedupe } = await import("../../dataset/curate/dedupe.js");
        return dedupe(source, await likenessOf(flags, io, onProgress), onBytes);
      }),
    );
}

async function likenessOf({ by, embedding, similarity }: Flags, io: Io, onProgress: OnProgress): Promise<Likeness> {
  if (by === "exact" || by === "loose") return by;
  if (by === "near") {
    const { createNearIndex } = await import("../../dataset/near-duplicates/near-index.js");
    return createNearIndex();
  }
  const { createMeaningIndex, defaultEmbedding } = await import("../../pipeline/meaning-index.js");
  return createMeaningIndex({ model: embedding ?? defaultEmbedding, similarity, cwd: io.cwd, env: io.env, onProgress });
}

function cosine(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1)) throw new InvalidArgumentError("give a number above 0, at most 1.");
  return value;
}
