// What a person is told to run where an image is missing.
import { expect, it } from "vitest";
import { type TargetOf, targetSchema } from "../../recipes/schema/targets.js";
import { buildCommand } from "./image.js";

it.each([
  [{}, "ft image build --engine trl@1.0.0"],
  [{ at: { host: "me@box", port: 2222 } }, "DOCKER_HOST=ssh://me@box:2222 ft image build --engine trl@1.0.0"],
  [{ at: "box", runtime: "podman" }, "CONTAINER_HOST=ssh://box ft image build --engine trl@1.0.0 --runtime podman"],
])("%j: the image is built where the target's containers are", (keys, command) => {
  const target = targetSchema.parse({ launcher: "docker", ...keys }) as TargetOf<"docker">;
  expect(buildCommand(target, { name: "trl", version: "1.0.0" })).toBe(command);
});
