// What a platform's client brought comes home whole, also when several ft processes bring it at once, and however large its log is.
import { ftruncateSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { emptyFolder } from "../../test/project.js";
import { bringResults } from "./take-results.js";

it("two at once take turns: each file comes home, and neither fails", async () => {
  const home = emptyFolder();
  const fetch = async (folder: string) => {
    mkdirSync(join(folder, "out"), { recursive: true });
    for (let n = 0; n < 50; n++) {
      writeFileSync(join(folder, "out", String(n)), "whole");
      await new Promise(setImmediate);
    }
  };
  await Promise.all([bringResults(home, fetch), bringResults(home, fetch)]);
  expect(readFileSync(join(home, "out/49"), "utf8")).toBe("whole");
});

it("of a log of 3 GiB the end is kept", async () => {
  const home = emptyFolder();
  await bringResults(home, async (folder) => {
    const file = openSync(join(folder, "stdout.log"), "w");
    ftruncateSync(file, 3 * 2 ** 30); // a hole: no disk is used
    writeSync(file, "last words", 3 * 2 ** 30);
  });
  expect(statSync(join(home, "stdout.log")).size).toBe(16 << 20);
  expect(readFileSync(join(home, "stdout.log")).subarray(-10).toString()).toBe("last words");
});
