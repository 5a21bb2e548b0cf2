// A small project in a temporary folder, and the built binary to drive it with a bare environment.
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { packageRoot } from "../src/paths.js";

export const ftBinary = join(packageRoot, "dist/cli/main.js");

export function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), "ft-test-"));
}

export interface ProjectOptions {
  rows?: number;
  method?: "full" | "lora" | "qlora";
  /** Default 6. */
  maxSteps?: number;
  /** In place of steps. */
  epochs?: number;
  saveEvery?: number;
  /** Default true. Without held-out rows no evaluation starts the engine once more. */
  evaluated?: boolean;
}

/** Writes data and a recipe for the tiny model (under a million parameters; global-setup.ts makes it). */
export function tinyProject(options: ProjectOptions = {}): string {
  const dir = emptyFolder();
  mkdirSync(join(dir, "data"));
  const count = options.rows ?? 64;
  const { evaluated = true } = options;
  writeFileSync(join(dir, "data/train.jsonl"), rows(0, count));
  writeFileSync(join(dir, "data/eval.jsonl"), rows(count, 8));
  writeFileSync(
    join(dir, "ft.yaml"),
    `name: tiny
model: { base: ${requiredEnv("FT_TEST_TINY_MODEL")} }
method: { type: ${options.method ?? "lora"}${options.method === "full" ? "" : ", rank: 8"} }
data: { train: data/train.jsonl, ${evaluated ? "eval: data/eval.jsonl" : "eval_fraction: 0"}, max_length: 256 }
train: { ${options.epochs ? `epochs: ${options.epochs}` : `max_steps: ${options.maxSteps ?? 6}`}, batch_size: 4, learning_rate: 1.0e-2, save_every: ${options.saveEvery ?? 2} }
${evaluated ? "eval: { max_new_tokens: 8 }\n" : ""}`,
  );
  return dir;
}

function rows(from: number, count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const n = from + index;
    return `${JSON.stringify({
      messages: [
        { role: "user", content: `ticket ${n}: the ${["red", "blue", "green"][n % 3]} lamp number ${n * 7} is broken` },
        { role: "assistant", content: `{"colour":"${["red", "blue", "green"][n % 3]}"}` },
      ],
    })}\n`;
  }).join("");
}

/** Starts the built `ft`; ends with a result, never rejects. Only what a user has is in its environment. */
export function ft(args: string[], cwd: string, env: Record<string, string> = {}) {
  return execa(process.execPath, [ftBinary, ...args], {
    cwd,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ...(process.env.FT_CACHE ? { FT_CACHE: process.env.FT_CACHE } : {}),
      // Whom this machine's network trusts: an environment may have to be made.
      ...(process.env.SSL_CERT_FILE ? { SSL_CERT_FILE: process.env.SSL_CERT_FILE } : {}),
      // A machine's setting: what trains here has its one thread beside the other workers (global-setup.ts).
      ...(process.env.OMP_NUM_THREADS ? { OMP_NUM_THREADS: process.env.OMP_NUM_THREADS } : {}),
      ...env,
    },
    extendEnv: false,
    reject: false,
    stdin: "ignore",
  });
}

export function requiredEnv(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests through vitest, whose global set-up prepares it`);
  return value;
}
