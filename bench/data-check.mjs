// The check of data: bytes a core gets through, rows checked with all rules, and memory as rows grow. Each run is a process of its own.
import { once } from "node:events";
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { ftCacheDir } from "../dist/paths.js";

const ft = new URL("../dist/cli/main.js", import.meta.url).pathname;
const one = new URL("./check-once.mjs", import.meta.url).pathname;

/** Goals: 30 MB/s a core; 60 s and 1 GB for 100,000 rows on two cores; memory as good as flat to a million rows. */
export async function benchDataCheck() {
  const dir = mkdtempSync(join(tmpdir(), "ft-bench-"));
  try {
    const small = await writeRows(join(dir, "100k.jsonl"), 100_000);
    const large = await writeRows(join(dir, "1m.jsonl"), 1_000_000);
    const megabytes = statSync(large).size / 1e6;
    const figures = join(dir, "figures");
    const oneCore = await run([one, large], figures);
    const model = join(ftCacheDir(process.env), "test", "tokenizer-qwen3");
    const withModel = hasModel(model) ? ["--model", model] : [];
    const whole = await run([ft, "data", "check", small, "--json", ...withModel], figures);
    const plain = await run([ft, "data", "check", small, "--json"], figures);
    const million = await run([ft, "data", "check", large, "--json"], figures);
    return {
      megabytesPerCoreSecond: megabytes / oneCore.cpuSeconds,
      rows100k: { withModel: withModel.length > 0, cores: cpus().length, ...whole },
      plain100k: plain,
      plain1m: million,
      memoryRatio: million.peakMegabytes / plain.peakMegabytes,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export function dataCheckText({ megabytesPerCoreSecond: speed, rows100k, plain100k, plain1m, memoryRatio }) {
  const { withModel, wallSeconds, peakMegabytes, cores } = rows100k;
  return [
    `structure, text rules, exact copies          ${speed.toFixed(1)} MB a second of one core  (goal >= 30)`,
    `100,000 rows, all rules, MinHash${withModel ? ", Qwen 3" : ""}    ${wallSeconds.toFixed(1)} s on ${cores} cores, ${peakMegabytes.toFixed(0)} MB  (goal < 60 s, < 1000 MB)`,
    `memory at 1,000,000 rows                     ${memoryRatio.toFixed(2)}x of that at 100,000  (${plain1m.peakMegabytes.toFixed(0)} against ${plain100k.peakMegabytes.toFixed(0)} MB)`,
  ].join("\n");
}

function hasModel(dir) {
  return statSync(join(dir, "tokenizer.json"), { throwIfNoEntry: false }) !== undefined;
}

/** Seconds and megabytes of a Node process, as GNU time writes them into the file. */
async function run(args, figures) {
  const command = ["-f", "%U %S %e %M", "-o", figures, process.execPath, ...args];
  await execa("/usr/bin/time", command, { stdout: "ignore", stderr: "ignore" });
  const [user, system, wallSeconds, kilobytes] = readFileSync(figures, "utf8").trim().split(" ").map(Number);
  return { cpuSeconds: user + system, wallSeconds, peakMegabytes: kilobytes / 1000 };
}

/** Conversations of about 1 KB, all different, of made-up words; by seed. */
async function writeRows(path, count) {
  let state = 7;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const letters = "etaoinshrdlucmfwypvbgkqjxz";
  const word = () =>
    Array.from({ length: 2 + Math.floor(random() * 8) }, () => letters[Math.floor(random() ** 1.6 * 26)]).join("");
  const words = Array.from({ length: 5_000 }, word);
  const sentence = () => {
    const text = Array.from({ length: 5 + Math.floor(random() * 12) }, () => words[Math.floor(random() ** 2 * 5_000)]);
    return `${text.join(" ").replace(/^./, (letter) => letter.toUpperCase())}.`;
  };
  const paragraph = (length) => {
    let text = sentence();
    while (text.length < length) text += ` ${sentence()}`;
    return text;
  };
  const file = createWriteStream(path);
  for (let row = 0; row < count; row += 1) {
    const messages = [
      { role: "system", content: "You are a helpful support assistant of the shop." },
      { role: "user", content: paragraph(300) },
      { role: "assistant", content: paragraph(550) },
    ];
    if (!file.write(`${JSON.stringify({ messages })}\n`)) await once(file, "drain");
  }
  file.end();
  await once(file, "close");
  return path;
}
