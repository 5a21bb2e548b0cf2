// The catalogue through the built binary: its data is packed with it and found from any folder, with nothing in the environment.
import { expect, it } from "vitest";
import { emptyFolder, ft } from "./project.js";

it("lists what people may sell, from Europe, on one small GPU", async () => {
  const line = "models ls --licence apache-2.0 --commercial --origin eu --max-vram 24";
  const { exitCode, stdout, stderr } = await ft(line.split(" "), emptyFolder());
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toMatch(/^alias +params +ctx +licence +comm\. +gated +GiB\n/);
  expect(stdout).toMatch(/\nmistral-7b +7\.2B +32k +apache-2\.0 +yes +yes +[56]\.\d\n/);
});

it("shows one model as text and as JSON", async () => {
  const dir = emptyFolder();
  const { stdout } = await ft(["models", "show", "qwen3-8b"], dir);
  expect(stdout).toMatch(/licence +Apache License 2\.0 \(Apache-2\.0\)/);
  const { model } = JSON.parse((await ft(["models", "show", "qwen3-8b", "--json"], dir)).stdout);
  expect(model).toMatchObject({ alias: "qwen3-8b", id: "Qwen/Qwen3-8B", licence: { commercial: "yes" }, origin: "CN" });
});

it("ends a wrong value with exit code 2 and the nearest right one", async () => {
  const { exitCode, stderr } = await ft(["models", "ls", "--family", "lama"], emptyFolder());
  expect(exitCode).toBe(2);
  expect(stderr).toContain("did you mean llama?");
});
