// The same engine, CUDA version and lock always give the same image name and arguments.
import { expect, it } from "vitest";
import { readEngineLock } from "../env/engine-lock.js";
import { chooseCuda } from "./choose-cuda.js";
import { imageSpec, lockedCuda } from "./image-spec.js";

const lock = readEngineLock({ name: "trl", version: "1.16.0" });

it("names an image by engine, version, accelerator and lock", () => {
  expect(imageSpec(lock, { cuda: "cpu", ftVersion: "1.2.3" })).toEqual({
    tag: `ft-trainer:trl-1.16.0-cpu-${lock.hash}`,
    buildArgs: { ENGINE: "trl", ENGINE_VERSION: "1.16.0", CUDA: "cpu", FT_VERSION: "1.2.3", LOCK_HASH: lock.hash },
  });
  const given = imageSpec(lock, { cuda: "12.8", ftVersion: "1", baseImage: "debian:12", tag: "mine:1" });
  expect([given.tag, given.buildArgs.BASE_IMAGE]).toEqual(["mine:1", "debian:12"]);
  expect(imageSpec(lock, { cuda: "12.8", ftVersion: "1" }).tag).toBe(`ft-trainer:trl-1.16.0-cu128-${lock.hash}`);
});

it("takes the CUDA version of the lock for a machine with a GPU, and refuses what is none", async () => {
  expect(lockedCuda(lock)).toBe("13.2");
  expect(await chooseCuda(undefined, lock, { PATH: "" })).toBe("cpu");
  await expect(chooseCuda("thirteen", lock, {})).rejects.toMatchObject({ code: "image.cuda", exit: "usage" });
});
