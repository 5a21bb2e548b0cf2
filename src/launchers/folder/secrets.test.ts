// What becomes of secrets when the program that brings them is ended on its way.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { fakeJob } from "../../../test/fake-run.js";
import { emptyFolder } from "../../../test/project.js";
import type { Host } from "../hosts/contract.js";
import { thisMachine } from "../hosts/this-machine.js";
import { placeSecrets } from "./secrets.js";

it("secrets that are there although ssh was ended before it could say so are taken away", async () => {
  const root = emptyFolder();
  let placed: string[] = [];
  const run: Host["run"] = async (argv, options) => {
    const result = await thisMachine.run(argv, options);
    if (!argv.includes("secrets")) return result;
    placed = readdirSync(join(root, "secrets"));
    return { ...result, exitCode: 128 };
  };
  const host = { ...thisMachine, isHere: false, run };
  const place = { host, dir: join(root, "runs", "x"), python: "python3", base: null, job: fakeJob("x") };
  const failed = expect.objectContaining({ code: "launcher.far-end" });
  await expect(placeSecrets(place, 1, { HF_TOKEN: "hf_0123" })).rejects.toEqual(failed);
  expect([placed, readdirSync(join(root, "secrets"))]).toEqual([["x-1.json"], []]);
});
