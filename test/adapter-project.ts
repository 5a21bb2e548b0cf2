// A project whose registry has versions of one line, without any training: the tiny LoRA of the fixtures, each version with other weights.
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Lineage } from "../src/adapters/lineage.js";
import { registerAdapter } from "../src/adapters/registry.js";
import { openStore } from "../src/store/open.js";
import { emptyFolder } from "./project.js";

const fixture = fileURLToPath(new URL("fixtures/tiny-lora", import.meta.url));

export interface AdapterProject {
  dir: string;
  /** The folder of a version. */
  folder(version: number): string;
  /** What stands in the alias file; null: it is not there. */
  aliases(): { aliases: Record<string, number>; history: Record<string, unknown>[] } | null;
}

/** `support-bot@1` to `@versions`, a day apart; the newest is `newestAt`. `spoil` changes a version's folder before it is registered. */
export async function adapterProject({
  versions,
  newestAt = Date.now(),
  base = () => ({ id: "tiny-llama", revision: "abc" }),
  spoil = () => {},
}: {
  versions: number;
  newestAt?: number;
  base?: (version: number) => Lineage["base"];
  spoil?: (version: number, folder: string) => void;
}): Promise<AdapterProject> {
  const dir = emptyFolder();
  const folder = (version: number) => join(dir, `.ft/runs/run-${version}/out/adapter`);
  const db = openStore(dir);
  for (let version = 1; version <= versions; version++) {
    mkdirSync(folder(version), { recursive: true });
    cpSync(join(fixture, "adapter"), folder(version), { recursive: true });
    symlinkSync(join(fixture, "base"), join(dir, `.ft/runs/run-${version}/model`));
    writeFileSync(
      join(dir, `.ft/runs/run-${version}/recipe.yaml`),
      `name: support-bot\ntrain: { epochs: ${version} }\n`,
    );
    writeFileSync(join(folder(version), "tokenizer.json"), JSON.stringify({ vocabulary: "v".repeat(4_000 + version) }));
    const weights = join(folder(version), "adapter_model.safetensors");
    const bytes = readFileSync(weights);
    bytes.writeFloatLE(version / 8, bytes.length - 4);
    writeFileSync(weights, bytes);
    spoil(version, folder(version));
    await registerAdapter(db, dir, {
      dir: folder(version),
      name: "support-bot",
      run: `run-${version}`,
      createdAt: newestAt - (versions - version) * 86_400_000,
      method: "lora",
      base: base(version),
      templateSha256: null,
      dataSha256: "d".repeat(64),
      sources: { "data/tickets.jsonl": { rows: 100 * version, sha256: "e".repeat(64) } },
      engine: { name: "trl", version: "1.16.0" },
      git: null,
      comparison: [
        {
          ...{ metric: "exact_match", base: 0.25, adapter: 0.5 + version / 100, difference: 0.25 + version / 100 },
          ...{ low: 0.1, high: 0.4, n: 200, format: "percent", better: "higher" },
        },
      ],
    });
  }
  db.close();
  return {
    dir,
    folder,
    aliases() {
      try {
        return JSON.parse(readFileSync(join(dir, ".ft/aliases/support-bot.json"), "utf8"));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
        throw error;
      }
    },
  };
}
