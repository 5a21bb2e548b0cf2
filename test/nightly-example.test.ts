// examples/nightly as a person runs it: its own script and recipe, on the tiny model in place of SmolLM2.
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { packageRoot } from "../src/paths.js";
import { emptyFolder, ft, ftBinary, requiredEnv } from "./project.js";

it("accepts, skips, keeps, promotes and rolls back, each with the exit code that it documents", {
  timeout: 20 * 60_000,
}, async () => {
  const root = emptyFolder();
  for (const name of ["nightly", "support-triage"])
    cpSync(join(packageRoot, "examples", name), join(root, "examples", name), {
      recursive: true,
      filter: (path) => !path.includes(".ft"),
    });
  const dir = join(root, "examples/nightly");
  // Answers are nothing that this model could get right; what it learns shows in the loss.
  writeFileSync(
    join(dir, "tiny.yaml"),
    `extends: ft.yaml
model: { base: ${requiredEnv("FT_TEST_TINY_MODEL")} }
train: { learning_rate: 1.0e-2 }
eval: { max_new_tokens: 1 }
gate: { primary: heldout/nll, guards: [], margins: {} }
`,
  );
  const { exitCode, stdout, stderr } = await execa("sh", ["nights.sh", "tiny.yaml"], {
    cwd: dir,
    env: { FT: `${process.execPath} ${ftBinary}` },
    reject: false,
    stdin: "ignore",
  });
  expect(exitCode, stderr).toBe(0);
  expect([...stdout.matchAll(/ft ci \S+: (\w+)/g)].map(([, outcome]) => outcome)).toEqual([
    ...["promoted", "unchanged", "kept", "promoted"],
  ]);
  const { aliases } = JSON.parse(readFileSync(join(dir, ".ft/aliases/triage-nightly.json"), "utf8"));
  expect(aliases).toEqual({ champion: 1, previous: 3, candidate: 2 });
  const runs = JSON.parse((await ft(["runs", "ls", "--json"], dir)).stdout);
  expect(runs.runs).toHaveLength(3);
});
