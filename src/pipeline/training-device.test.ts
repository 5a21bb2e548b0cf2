// The device a recipe trains on, on a machine whose nvidia-smi is a script.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { emptyFolder } from "../../test/project.js";
import { detectDevice } from "../engines/machine.js";
import { parseRecipe } from "../recipes/parse.js";
import { trainingDevice } from "./training-device.js";

function machine(cudaVisibleDevices?: string) {
  const bin = emptyFolder();
  const gpus = [0, 1, 2, 3].map((n) => `GPU ${n}, 550.1, 24576, 8.6`).join("\\n");
  writeFileSync(join(bin, "nvidia-smi"), `#!/bin/sh\nprintf '${gpus}\\n'\n`, { mode: 0o755 });
  return { PATH: `${bin}:/usr/bin:/bin`, CUDA_VISIBLE_DEVICES: cudaVisibleDevices };
}

function recipe(device: "auto" | "cpu" | "mps") {
  const data = { train: "rows.jsonl" };
  return parseRecipe({ name: "n", model: { base: "x/y" }, method: "lora", data, compute: { device } });
}

it.skipIf(process.platform === "darwin").each([
  [undefined, { count: 4 }],
  ["2,3", { count: 2, firstGpu: "2" }],
  ["3", { count: 1, firstGpu: "3" }],
])("with CUDA_VISIBLE_DEVICES %s only those GPUs are used, the first one first", async (visible, expected) => {
  const here = await detectDevice(machine(visible));
  expect(trainingDevice(recipe("auto"), here)).toEqual({ kind: "cuda", bf16: true, ...expected });
});

it("leaves the GPUs alone for a recipe that says cpu, and refuses a device that is not here", async () => {
  const here = await detectDevice(machine());
  expect(trainingDevice(recipe("cpu"), here)).toMatchObject({ kind: "cpu" });
  expect(() => trainingDevice(recipe("mps"), here)).toThrow(
    expect.objectContaining({ code: "env.no-device", exit: "environment" }),
  );
});
