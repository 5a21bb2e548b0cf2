// Tokens with offsets against transformers' tokenizer, and masked rows against TRL's own preparation: same texts, same rows, CPU time.
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { loadMaskModel } from "../dist/dataset/masks/load-mask-model.js";
import { predictMask } from "../dist/dataset/masks/predict-mask.js";
import { loadTokenizer } from "../dist/dataset/tokens/tokenizer.js";
import { ftCacheDir } from "../dist/paths.js";
import { comparePairs } from "./measure.mjs";
import { templatesOf } from "./render.mjs";

const root = new URL("..", import.meta.url).pathname;
const texts = ["src", "docs", "trainer"].flatMap((folder) => piecesOf(join(root, folder), 2_000)).slice(0, 400);
const rows = texts.map((text, at) => ({
  messages: [
    { role: "user", content: `Question ${at}: ${text.slice(0, 300)}` },
    { role: "assistant", content: text.slice(300, 1_000) || "Nothing." },
    { role: "user", content: "Go on." },
    { role: "assistant", content: text.slice(1_000) || "That was all." },
  ],
}));

/** With the tokenizers of real models that the tests left in ft's cache (test/real-tokenizers.ts); none where they never ran. */
export async function benchTokens() {
  const folders = tokenizerFolders(join(ftCacheDir(process.env), "test"));
  const ft = join(root, "dist/cli/main.js");
  const { environment } = JSON.parse((await execa(process.execPath, [ft, "env", "create", "trl", "--json"])).stdout);
  const base = mkdtempSync(join(tmpdir(), "ft-bench-"));
  try {
    const compared = [];
    for (const [name, folder] of folders) compared.push(await compareTokens(name, folder, environment.python, base));
    const qwen3 = folders.get("qwen3");
    if (qwen3) compared.push(await compareMasks(qwen3, environment.python, base));
    return compared;
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

async function compareTokens(name, folder, python, base) {
  const tokenizer = await loadTokenizer(folder);
  const work = () => texts.reduce((sum, text) => sum + tokenizer.encodeWithOffsets(text).ids.length, 0);
  const own = { run: () => cpuTime(work) };
  const peer = startPeer("transformers", python, ["tokenise", folder, written(base, texts)], work());
  return await comparePairs(`tokens with offsets, ${name}`, 0.5, 3, own, peer).finally(peer.stop);
}

async function compareMasks(folder, python, base) {
  const source = readFileSync(join(templatesOf(python), "qwen3.jinja"), "utf8");
  const sha256 = createHash("sha256").update(source).digest("hex");
  const template = { source, sha256, origin: "TRL", hasGenerationMarkers: false };
  const model = await loadMaskModel({ dir: folder, template, trainOn: "assistant", maxLength: 2_048 });
  const work = () => {
    let tokens = 0;
    for (const { messages } of rows) {
      const prediction = predictMask({ kind: "messages", messages }, model, "trl");
      for (const line of prediction.lines) tokens += line.kept;
    }
    return tokens;
  };
  const peer = startPeer("TRL", python, ["mask", folder, written(base, { rows, template: source })], work());
  return await comparePairs("render, tokenise, mask, qwen3", 0.33, 3, { run: () => cpuTime(work) }, peer).finally(
    peer.stop,
  );
}

/** @param expected how many tokens it must come to: both sides do the same work, or the ratio says nothing */
function startPeer(name, python, args, expected) {
  const child = execa(python, [join(root, "bench/peer.py"), ...args], {
    buffer: false,
    stderr: "ignore",
    reject: false,
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    name,
    async run() {
      child.stdin.write("go\n");
      const { value } = await answers.next();
      if (value === undefined) throw new Error(`bench/peer.py ${args.join(" ")} ended`);
      const { ms, tokens } = JSON.parse(value);
      if (tokens !== expected) throw new Error(`${args.join(" ")}: ${tokens} tokens, here ${expected}`);
      return ms;
    },
    stop: () => child.stdin.end(),
  };
}

function tokenizerFolders(cache) {
  const names = readdirSync(cache, { recursive: true }).filter((path) => path.endsWith("tokenizer.json"));
  const folders = names.map((path) => join(cache, path, "..")).filter((folder) => /tokenizer/.test(folder));
  return new Map(folders.map((folder) => [folder.split("/").at(-1).replace("tokenizer-", ""), folder]));
}

function piecesOf(folder, length) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => /\.(ts|tsx|md|py)$/.test(name));
  return files.sort().flatMap((name) => {
    const text = readFileSync(join(folder, name), "utf8");
    return Array.from({ length: Math.ceil(text.length / length) }, (_, at) =>
      text.slice(at * length, (at + 1) * length).toWellFormed(),
    );
  });
}

function written(base, value) {
  const file = join(base, `${Math.random()}.json`);
  writeFileSync(file, JSON.stringify(value));
  return file;
}

function cpuTime(work) {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
