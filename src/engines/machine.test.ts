// Hardware detection against real programs that stand in for the vendors' tools.
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { detectDevice } from "./machine.js";

const onLinux = test.skipIf(process.platform === "darwin");

/** A PATH whose first folder holds one program of that name. */
function withProgram(name: string, script: string): Record<string, string> {
  const dir = mkdtempSync(join(tmpdir(), "ft-machine-"));
  writeFileSync(join(dir, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(dir, name), 0o755);
  return { PATH: [dir, "/usr/bin", "/bin"].join(delimiter) };
}

const twoGpus = "echo 'NVIDIA H100 80GB HBM3, 580.65.06, 81559, 9.0'; echo 'Tesla T4, 580.65.06, 15360, 7.5'";

onLinux("nvidia-smi's GPUs are counted, named and measured; one without bf16 decides for all", async () => {
  expect(await detectDevice(withProgram("nvidia-smi", twoGpus))).toEqual({
    kind: "cuda",
    count: 2,
    bf16: false,
    names: ["NVIDIA H100 80GB HBM3", "Tesla T4"],
    driver: "580.65.06",
    memoryBytes: [81559 * 2 ** 20, 15360 * 2 ** 20],
    problem: null,
  });
});

onLinux("CUDA_VISIBLE_DEVICES chooses, and can hide every GPU", async () => {
  const env = withProgram("nvidia-smi", twoGpus);
  expect(await detectDevice({ ...env, CUDA_VISIBLE_DEVICES: "0" })).toMatchObject({
    kind: "cuda",
    count: 1,
    bf16: true,
  });
  expect(await detectDevice({ ...env, CUDA_VISIBLE_DEVICES: "" })).toMatchObject({
    kind: "cpu",
    problem: expect.stringContaining("hides"),
  });
});

onLinux("a driver that does not answer means CPU, with the tool's own words", async () => {
  const env = withProgram("nvidia-smi", "echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18");
  expect(await detectDevice(env)).toMatchObject({ kind: "cpu", count: 0, problem: expect.stringContaining("NVML") });
});

onLinux("rocm-smi's cards are found where there is no NVIDIA", async () => {
  const report =
    '{"card0":{"Card Series":"AMD Instinct MI300X","VRAM Total Memory (B)":"206141652992"},"system":{"Driver version":"6.12.12"}}';
  expect(await detectDevice(withProgram("rocm-smi", `echo '${report}'`))).toMatchObject({
    kind: "rocm",
    count: 1,
    names: ["AMD Instinct MI300X"],
    driver: "6.12.12",
  });
});
