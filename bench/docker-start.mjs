// From submitting a job to its first event: ft's docker launcher against `docker run` by hand of the same program in the same image.
// Takes the daemon that `docker` reaches and its newest trainer image (`ft image build`), or FT_BENCH_IMAGE. No engine: what is timed is the way to it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { firstEvent, root, startByFt, writeJob } from "./launch-job.mjs";
import { comparePairs } from "./measure.mjs";

const network = process.env.FT_BENCH_NETWORK ?? "bridge";

/** Goal: at most 2 s more than by hand, which takes some half a second. */
export async function benchDockerStart() {
  const image = process.env.FT_BENCH_IMAGE ?? (await newestImage());
  if (!image) {
    console.error("docker-start is left out: no docker daemon with a trainer image (ft image build)");
    return [];
  }
  const { dockerLauncher } = await import(join(root, "dist/launchers/docker/index.js"));
  const base = mkdtempSync(join(tmpdir(), "ft-bench-"));
  const engine = await engineOf(image);
  const job = () => writeJob(base, { launcher: "docker", image, network, pull: "never" }, engine);
  try {
    const ours = { run: () => startByFt(dockerLauncher, job()) };
    const peer = { name: "docker run by hand", run: () => byHand(job(), image) };
    return [await comparePairs("docker, submit to first event", 3, 5, ours, peer)];
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

async function newestImage() {
  const args = ["image", "ls", "--quiet", "--filter", "label=ft.engine"];
  const { stdout } = await execa("docker", args, { reject: false });
  return stdout?.split("\n")[0] || null;
}

/** By ft's labels; undefined where it has none. */
async function engineOf(image) {
  const { stdout } = await execa("docker", ["image", "inspect", "--format", "{{json .Config.Labels}}", image]);
  const { "ft.engine": name, "ft.engine-version": version } = JSON.parse(stdout) ?? {};
  return name && version ? { name, version } : undefined;
}

async function byHand({ dir, manifest }, image) {
  const start = Date.now();
  const name = `ft-bench-${manifest.id}`;
  const options = ["--detach", "--init", "--network", network, "--user", `${process.getuid()}:${process.getgid()}`];
  const mount = ["--mount", `type=bind,source=${dir},target=/job`, "--workdir", "/job"];
  const script = "exec $(command -v python || command -v python3) trainer/run.py --attempt 1";
  await execa("docker", ["run", "--name", name, ...options, ...mount, "--entrypoint", "/bin/sh", image, "-c", script]);
  const at = await firstEvent(dir);
  await execa("docker", ["rm", "--force", name]);
  return at - start;
}
