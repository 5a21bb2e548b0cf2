// Containers that are not the local Docker's, against the contract of all launchers: those of a machine behind ssh, and podman's.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { afterAll, expect, it, vi } from "vitest";
import type { Launcher } from "../../src/launchers/contract.js";
import { dockerLauncher } from "../../src/launchers/docker/index.js";
import { targetSchema } from "../../src/recipes/schema/targets.js";
import { fakeRun, until } from "../fake-run.js";
import { emptyFolder, ft } from "../project.js";
import { debianImage } from "../services/debian-image.js";
import { type Dockerd, startDockerd } from "../services/dockerd.js";
import { type Podman, startPodman } from "../services/podman.js";
import { findProgram } from "../services/programs.js";
import { type Sshd, startSshd } from "../services/sshd.js";
import { conformance, setUpMs } from "./conformance.js";
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

it("secrets that a killed ft left there before it made the container go with the end of the next attempt, and with the run's folder", {
  timeout: setUpMs,
}, async ({ skip }) => {
  const given = await behindSsh();
  if (given === null) return skip();
  const run = fakeRun("losses 1 0", { id: "20260101-120000-left", target: { name: "docker", settings: given.target } });
  const mounted = join(sshd!.home, "ft-jobs/mounted-secrets");
  const left = () => readdirSync(mounted).filter((name) => name.startsWith(run.id));
  const leave = () => {
    mkdirSync(join(mounted, `${run.id}-1`), { recursive: true });
    writeFileSync(join(mounted, `${run.id}-1/secrets.json`), '{"HF_TOKEN":"hf_left0123456789"}');
  };
  leave();
  const handle = await dockerLauncher.submit({ ...run.submission, attempt: 2 });
  const ends = async () => (await dockerLauncher.observe(handle, { inode: 0, offset: 0 })).liveness === "ended";
  await until(ends, 60_000);
  expect(left()).toEqual([]);
  await dockerLauncher.collect(handle);
  leave();
  const folder = (await dockerLauncher.folders!(given.target)).find((found) => found.run === run.id)!;
  await dockerLauncher.end(given.target, folder);
  expect(left()).toEqual([]);
});

/** A run whose beginning alone sees `env`. Returns it, and the environment that a person would have there. */
async function runThere(
  name: string,
  env: Record<string, string>,
  { server, ...keys }: { server: Sshd; image: string; runtime?: string },
) {
  // Without the keys and addresses of the tests nobody gets to that sshd: ~/.ssh is a person's own.
  const bin = emptyFolder();
  writeFileSync(join(bin, "ssh"), `#!/bin/sh\nexec "${findProgram("ssh")}" -F "${server.configFile}" "$@"\n`);
  chmodSync(join(bin, "ssh"), 0o755);
  const settings = targetSchema.parse({ launcher: "docker", dir: "~/elsewhere", network: "host", ...keys });
  const run = fakeRun("losses 5 0.05", { id: `20260101-120000-${name}`, target: { name: "docker", settings } });
  const there = { ...env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  for (const [key, value] of Object.entries(there)) vi.stubEnv(key, value);
  try {
    const handle = await dockerLauncher.submit(run.submission);
    for (const key of Object.keys(env)) vi.stubEnv(key, undefined);
    const ends = async () => (await dockerLauncher.observe(handle, { inode: 0, offset: 0 })).liveness === "ended";
    await until(ends, 60_000);
    expect(readFileSync(join(run.dir, "events.jsonl"), "utf8")).toContain('"end"');
    expect(handle).toMatchObject({ connection: { host: `${server.user}@${server.alias}` } });
    expect(handle.dir).toBe(join(server.home, "elsewhere/runs", run.id));
    await dockerLauncher.collect(handle);
    return { run, there };
  } finally {
    vi.unstubAllEnvs();
  }
}

it("the machine of DOCKER_HOST=ssh:// takes runs, with the job folder that docker itself would not bring; ft image asks it too", {
  timeout: setUpMs,
}, async ({ skip }) => {
  const given = await behindSsh();
  if (given === null) return skip();
  const env = { DOCKER_HOST: `ssh://${sshd!.user}@${sshd!.alias}` };
  const { image } = given.target as { image: string };
  const { run, there } = await runThere("dockerhost", env, { server: sshd!, image });
  expect(await given.trainers(run)).toBe(0);
  const listed = await ft(["image", "ls", "--json"], run.projectDir, there);
  expect([listed.exitCode, JSON.parse(listed.stdout)]).toMatchObject([0, { images: [] }]);
});

it("so does that of docker's context, whose address has the path of the daemon's socket there", {
  timeout: setUpMs,
}, async ({ skip }) => {
  const given = await behindSsh();
  const server = given && (await startSshd()); // its sessions know of no daemon
  if (!server) return skip();
  const env = { DOCKER_CONFIG: emptyFolder(), DOCKER_CONTEXT: "far" };
  const address = `ssh://${server.user}@${server.alias}${dockerd!.host.slice("unix://".length)}`;
  await execa("docker", ["context", "create", "far", "--docker", `host=${address}`], { env });
  const { image } = given.target as { image: string };
  try {
    await runThere("context", env, { server, image });
  } finally {
    await server.stop();
  }
});

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

it("the machine of CONTAINER_HOST=ssh:// takes runs of podman by the socket there", { timeout: setUpMs }, async ({
  skip,
}) => {
  podman ??= await startPodman();
  const server = podman && (await startSshd()); // its sessions have another storage: the image is behind the socket alone
  if (!server) return skip();
  const socket = join(server.home, "podman.sock");
  const service = execa("podman", ["system", "service", "--time", "0", `unix://${socket}`], {
    env: podman!.env,
    reject: false,
  });
  try {
    await until(async () => existsSync(socket), 30_000);
    const env = { CONTAINER_HOST: `ssh://${server.user}@${server.alias}${socket}` };
    await runThere("podmanhost", env, { server, runtime: "podman", image: podman!.image });
  } finally {
    service.kill();
    await service;
    await server.stop();
  }
});

afterAll(async () => {
  await podman?.stop();
  await dockerd?.stop();
  await sshd?.stop();
}, 60_000);
