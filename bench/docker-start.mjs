// From submitting a job to its first event: ft's docker launcher against `docker run` by hand of the same program in the same image.
// Takes the daemon that `docker` reaches and its newest trainer image (`ft image build`), or FT_BENCH_IMAGE. No engine: what is timed is the way to it.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { comparePairs } from "./measure.mjs";

const root = new URL("..", import.meta.url).pathname;
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
  try {
    const ours = { run: () => byFt(dockerLauncher, base, image) };
    const peer = { name: "docker run by hand", run: () => byHand(base, image) };
    return [await comparePairs("docker, submit to first event", 5, 5, ours, peer)];
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

async function newestImage() {
  const args = ["image", "ls", "--quiet", "--filter", "label=ft.engine"];
  const { stdout } = await execa("docker", args, { reject: false });
  return stdout?.split("\n")[0] || null;
}

async function byFt(launcher, base, image) {
  const job = writeJob(base, image);
  const start = Date.now();
  const submission = { job: job.manifest, dir: job.dir, attempt: 1, resume: false, python: null };
  const handle = await launcher.submit({ ...submission, env: {}, secrets: {}, onProgress: () => {} });
  const at = await firstEvent(job.dir);
  await launcher.cancel(handle, 0);
  await launcher.collect(handle);
  return at - start;
}

async function byHand(base, image) {
  const { dir, manifest } = writeJob(base, image);
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

let count = 0;

/** With the trainer that the launchers' tests use: it writes what the real supervisor writes. */
function writeJob(base, image) {
  const id = `20260101-120000-b${process.pid.toString(36)}${(count++).toString(36)}`;
  const dir = join(base, id);
  mkdirSync(join(dir, "trainer"), { recursive: true });
  cpSync(join(root, "test/fixtures/trainers/run.py"), join(dir, "trainer/run.py"));
  writeFileSync(join(dir, "behaviour.txt"), "losses 1 0");
  const settings = {
    ...{
      launcher: "docker",
      runtime: "docker",
      image,
      pull: "never",
      prepare: false,
      network,
      user: "me",
      shm: "host",
    },
    ...{ hub_cache: "~/.cache/huggingface", dir: "~/ft-jobs", python: "python3", base: "fetch", env: {}, secrets: [] },
  };
  const manifest = {
    ...{ version: 1, id, name: "bench", createdAt: 0, engine: { name: "trl", version: "0" }, steps: [], env: {} },
    ...{ model: { asked: "m", id: "m", revision: "0", path: "/nowhere" }, heartbeatSeconds: 10 },
    ...{ target: { name: "docker", settings }, checkpointDir: "out/checkpoints", adapterDir: "out/adapter" },
  };
  writeFileSync(join(dir, "job.json"), JSON.stringify(manifest));
  return { dir, manifest };
}

/** Its own time, which the trainer wrote: how often this looks does not count. */
async function firstEvent(dir) {
  const file = join(dir, "events.jsonl");
  for (let i = 0; i < 6000; i++) {
    const line = existsSync(file) ? readFileSync(file, "utf8").split("\n")[0] : "";
    if (line) return JSON.parse(line).t;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("no first event within a minute");
}
