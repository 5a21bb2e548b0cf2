// Rendered scripts in a real Unsloth environment: imported, their configs made, and run up to where Unsloth asks for a GPU.
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { ensureEnvironment } from "../src/engines/env/ensure-environment.js";
import { detectDevice } from "../src/engines/machine.js";
import { packageRoot } from "../src/paths.js";
import { emptyFolder, ft, requiredEnv } from "./project.js";

const minutes = 60_000;

it(
  "import, make their configs, and come as far as Unsloth's own device check",
  async () => {
    const engine = { name: "unsloth", version: "2026.10.7" };
    const { python } = await ensureEnvironment(engine, { env: process.env, onProgress: () => {} });
    const dir = emptyFolder();
    symlinkSync(requiredEnv("FT_TEST_TINY_MODEL"), join(dir, "model"));
    const base = ["--set", "compute.device=cuda", "--set", "train.precision=fp32"];
    const kinds = {
      sft: [],
      dpo: ["--set", "objective=dpo"],
      kto: ["--set", "objective=kto"],
      grpo: ["--set", "objective.type=grpo", "--set", "objective.rewards=[json_valid]"],
    };
    await ft(["init", "--base", "llama3.1-8b", "--method", "lora", "--engine", "unsloth"], dir);
    for (const [name, sets] of Object.entries(kinds)) {
      const rendered = await ft(["render", "--out", name, ...base, ...sets], dir);
      expect(rendered.exitCode, rendered.stderr).toBe(0);
    }
    const scripts = Object.keys(kinds).map((name) => join(name, "config/train_unsloth.py"));
    const { stdout } = await execa(python, [join(packageRoot, "trainer/tests/import_unsloth.py"), ...scripts], {
      cwd: dir,
      env: { HF_HUB_OFFLINE: "1", PYTHONPATH: join(packageRoot, "trainer") },
    });
    const ends = Object.values(JSON.parse(stdout.trim().split("\n").at(-1)!) as Record<string, string>);
    const { kind } = await detectDevice(process.env);
    for (const end of ends)
      expect(end).toMatch(kind === "cuda" ? /made|train.jsonl/ : /NVIDIA driver|get_device|CUDA|GPU/);
    expect(ends).toHaveLength(4);
  },
  15 * minutes,
);
