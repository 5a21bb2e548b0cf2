// Containers that are not the local Docker's, against the contract of all launchers: those of a machine behind ssh, and podman's.
import { join } from "node:path";
import { execa } from "execa";
import { afterAll } from "vitest";
import type { Launcher } from "../../src/launchers/contract.js";
import { dockerLauncher } from "../../src/launchers/docker/index.js";
import { targetSchema } from "../../src/recipes/schema/targets.js";
import { debianImage } from "../services/debian-image.js";
import { type Dockerd, startDockerd } from "../services/dockerd.js";
import { type Podman, startPodman } from "../services/podman.js";
import { type Sshd, startSshd } from "../services/sshd.js";
import { conformance } from "./conformance.js";
import { cutLink, type Linked } from "./faults.js";

let dockerd: Dockerd | null = null;
let sshd: Sshd | null = null;
let podman: Podman | null = null;

async function behindSsh(): Promise<Linked | null> {
  dockerd ??= await startDockerd();
  const image = dockerd && (await debianImage(dockerd));
  if (image === null) return null;
  const env = { DOCKER_HOST: dockerd!.host };
  sshd ??= await startSshd({ env });
  if (sshd === null) return null;
  const { cut, restore } = sshd;
  const at = { host: sshd.alias, config: sshd.configFile };
  const dir = join(sshd.home, "ft-jobs");
  const list = (run: string) => execa("docker", ["ps", "-q", "--filter", `label=ft.run=${run}`], { env });
  return {
    launcher: dockerLauncher as Launcher<unknown>,
    target: targetSchema.parse({ launcher: "docker", at, dir, image, network: "host" }),
    killTrainer: async (run) => void (await execa("docker", ["kill", `ft-${run.id}-1`], { env })),
    trainers: async (run) => (await list(run.id)).stdout.split("\n").filter(Boolean).length,
    link: { cut, restore },
  };
}

conformance("docker behind ssh", behindSsh);
cutLink("docker behind ssh", behindSsh);

conformance("podman", async () => {
  podman = await startPodman();
  if (podman === null) return null;
  Object.assign(process.env, podman.env); // the launcher takes podman as it finds it
  const list = (run: string) => execa("podman", ["ps", "-q", "--filter", `label=ft.run=${run}`]);
  return {
    launcher: dockerLauncher as Launcher<unknown>,
    target: targetSchema.parse({ launcher: "docker", runtime: "podman", image: podman.image, network: "host" }),
    killTrainer: async (run) => void (await execa("podman", ["kill", `ft-${run.id}-1`])),
    trainers: async (run) => (await list(run.id)).stdout.split("\n").filter(Boolean).length,
  };
});

afterAll(async () => {
  await podman?.stop();
  await dockerd?.stop();
  await sshd?.stop();
}, 60_000);
