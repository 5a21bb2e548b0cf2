// A sweep as its file and the flags say it together.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyFolder } from "../../../test/project.js";
import type { FtError } from "../../errors.js";
import { sweepSettings } from "./sweep-settings.js";

function folderWith(text: string, name = "sweep.yaml"): string {
  const dir = emptyFolder();
  writeFileSync(join(dir, name), text);
  return dir;
}

function failure(work: () => unknown): FtError {
  try {
    work();
  } catch (error) {
    return error as FtError;
  }
  throw new Error("nothing was thrown");
}

describe("a sweep's settings", () => {
  it("are those of sweep.yaml, and the flags go over them", () => {
    const dir = folderWith(
      "method: halving\nkeys: { method.rank: [8, 16] }\nseed: 3\nhalving: { steps: 5, factor: 2 }\n",
    );
    expect(sweepSettings(undefined, {}, dir)).toEqual({
      ...{
        recipe: "ft.yaml",
        flagKeys: [],
        method: "halving",
        keys: { "method.rank": [8, 16] },
        seed: 3,
        concurrency: 1,
        array: false,
      },
      halving: { steps: 5, factor: 2 },
    });
    const flags = { rungEpochs: 0.5, seed: 0, trials: 4, array: true };
    expect(
      sweepSettings("sweep.yaml", { ...flags, key: ["train.weight_decay=0,0.1", "method.rank=4..8:int"] }, dir),
    ).toEqual({
      ...{ recipe: "ft.yaml", method: "halving", seed: 0, concurrency: 1, array: true, trials: 4 },
      flagKeys: ["train.weight_decay", "method.rank"],
      keys: { "method.rank": { min: 4, max: 8, scale: "int" }, "train.weight_decay": [0, 0.1] },
      halving: { epochs: 0.5, factor: 2 },
    });
  });

  it("need no file, and the recipe of a file lies beside it", () => {
    const dir = folderWith("name: tiny\n", "ft.yaml");
    expect(sweepSettings(undefined, { key: ["method.rank=8,16"] }, dir)).toMatchObject({ recipe: "ft.yaml", seed: 0 });
    mkdirSync(join(dir, "sweeps"));
    writeFileSync(join(dir, "sweeps/ranks.yaml"), "recipe: ../ft.yaml\nkeys: { method.rank: [8] }\n");
    expect(sweepSettings("sweeps/ranks.yaml", {}, dir).recipe).toBe("ft.yaml");
  });

  it("that are wrong are told all at once, with what was meant", () => {
    const { code, problems } = failure(() =>
      sweepSettings(
        undefined,
        {},
        folderWith("metod: grid\nkeys: { a: { min: 2, max: 1 }, b: 3 }\nhalving: { step: 5 }\n"),
      ),
    );
    expect(code).toBe("sweep.invalid");
    expect(problems).toEqual([
      { message: "keys.a: min must be below max" },
      { message: expect.stringContaining("keys.b: a list of values, or { min, max, scale }") },
      { message: "unknown key halving.step", fix: "did you mean steps?" },
      { message: "unknown key metod", fix: "did you mean method?" },
    ]);
    const idle = failure(() => sweepSettings(undefined, {}, folderWith("keys: { a: [1] }\nhalving: { steps: 5 }\n")));
    expect(idle.message).toBe("rungs are of method halving");
    expect(failure(() => sweepSettings(undefined, {}, folderWith("keys: [\n"))).code).toBe("sweep.unreadable");
  });
});
