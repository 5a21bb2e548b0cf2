// `ft eval compare` in a store of 20 evaluations of 50,000 items each: base, champion and candidate side by side, as a process of its own.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { insertAdapter } from "../dist/adapters/registry.js";
import { keepEvaluation } from "../dist/eval/record-store.js";
import { adapterSubject, baseSubject } from "../dist/pipeline/suites/subject.js";
import { openStore } from "../dist/store/open.js";

const evaluations = 20;
const items = 50_000;
const goalMs = 1000;

export async function benchEvalCompare() {
  const project = mkdtempSync(join(tmpdir(), "ft-bench-eval-"));
  try {
    await fill(project);
    const times = [];
    for (let n = 0; n < 7; n += 1) {
      const began = performance.now();
      execFileSync(process.execPath, [join(import.meta.dirname, "../dist/cli/main.js"), "eval", "compare"], {
        cwd: project,
      });
      times.push(performance.now() - began);
    }
    times.sort((a, b) => a - b);
    return { evaluations, items, medianMs: times[3], minMs: times[0], maxMs: times[6], n: times.length, goalMs };
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

export function evalCompareText({ evaluations, items, medianMs, minMs, maxMs, n, goalMs }) {
  const spread = `spread ${minMs.toFixed(0)}-${maxMs.toFixed(0)}, n=${n}`;
  return `eval compare, ${evaluations} x ${items} items: ${medianMs.toFixed(0)} ms (goal <= ${goalMs} ms; ${spread})`;
}

async function fill(project) {
  const store = openStore(project);
  const base = { id: "org/base", revision: "0".repeat(40) };
  const adapters = Array.from({ length: evaluations - 1 }, (_, index) => ({
    ...{ schema: 1, name: "bot", version: index + 1, run: `r${index + 1}`, createdAt: index + 1, method: "lora", base },
    ...{ templateSha256: null, dataSha256: "d", engine: { name: "trl", version: "1" }, git: null, comparison: null },
    files: [{ path: "adapter_model.safetensors", bytes: 1, sha256: String(index).padStart(64, "0") }],
  }));
  for (const adapter of adapters) insertAdapter(store, project, join(project, adapter.run), adapter);
  mkdirSync(join(project, ".ft/aliases"));
  writeFileSync(
    join(project, ".ft/aliases/bot.json"),
    JSON.stringify({ schema: 1, aliases: { champion: 1 }, history: [] }),
  );
  const subjects = [baseSubject(adapterSubject(adapters[0])), ...adapters.map(adapterSubject)];
  const percent = { better: "higher", format: "percent", scale: [0, 1] };
  for (const [at, subject] of subjects.entries()) {
    const known = {
      suite: {
        name: "large",
        type: "generate",
        sha256: "s",
        metrics: ["exact", "f1"].map((name) => ({ name, ...percent })),
      },
      ...{ subject, decoding: null, run: null, createdAt: at, endedAt: at, tools: { ft: "0" }, notes: {} },
    };
    const rows = Array.from({ length: items }, (_, n) => {
      const mixed = Math.imul(n + 1, 2654435761 + at * 40503) >>> 0;
      return {
        ...{ item: `item-${n}`, inputSha256: String(n).padStart(64, "0"), promptSha256: String(n).padStart(64, "1") },
        ...{ slice: { topic: `t${n % 8}` }, cluster: null, output: `answer ${mixed} `.repeat(8), error: null },
        scores: { exact: mixed % 10 < 4 + at / 10 ? 1 : 0, f1: (mixed % 1000) / 1000 },
        ...{ promptTokens: 40, outputTokens: 20, latencyMs: 12.5, costUsd: null },
      };
    });
    await keepEvaluation(store, project, known, rows);
  }
  store.close();
}
