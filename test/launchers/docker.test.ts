// The docker launcher against the contract of all launchers, with a real daemon.
import { execa } from "execa";
import { afterAll } from "vitest";
import type { Launcher } from "../../src/launchers/contract.js";
import { dockerLauncher } from "../../src/launchers/docker/index.js";
import { targetSchema } from "../../src/recipes/schema/targets.js";
import { debianImage } from "../services/debian-image.js";
import { type Dockerd, startDockerd } from "../services/dockerd.js";
import { conformance } from "./conformance.js";

let dockerd: Dockerd | null = null;

conformance("docker", async () => {
  dockerd = await startDockerd();
  if (dockerd === null) return null;
  const image = await debianImage(dockerd);
  if (image === null) return null;
  process.env.DOCKER_HOST = dockerd.host;
  const containers = async (run: string) =>
    (await execa("docker", ["ps", "-q", "--filter", `label=ft.run=${run}`])).stdout;
  return {
    launcher: dockerLauncher as Launcher<unknown>,
    target: targetSchema.parse({ launcher: "docker", image, network: "host" }),
    killTrainer: async (run) => void (await execa("docker", ["kill", `ft-${run.id}-1`])),
    trainers: async (run) => (await containers(run.id)).split("\n").filter(Boolean).length,
  };
});

afterAll(() => dockerd?.stop(), 60_000);
