// What is on this machine that training needs, as one check a thing: for `ft doctor`.
import { execa } from "execa";
import { diskSize, freeBytes } from "../free-space.js";
import { hubToken, hubUrl } from "../models/hub-cache.js";
import { type Env, ftCacheDir } from "../paths.js";
import { engineVersions } from "../recipes/schema/compute.js";
import { lockedEngines, readEngineLock, suitePrograms } from "./env/engine-lock.js";
import { listEnvironments } from "./env/list-environments.js";
import { findPython } from "./env/python.js";
import { existingUv } from "./env/uv.js";
import { type Device, detectDevice } from "./machine.js";

export interface Check {
  name: string;
  /** missing: training can't work until it is mended. warn: something works less well, or only some ways. */
  status: "ok" | "warn" | "missing";
  /** What was found. */
  detail: string;
  /** What to do; null when there is nothing to do. */
  next: string | null;
}

/** Every check, in the order they are shown. Takes 5 s at most (the network and tools that don't answer). Never holds a secret. */
export async function diagnose({ env, cwd }: { env: Env; cwd: string }): Promise<Check[]> {
  const [python, device, ...others] = await Promise.all([
    pythonAndUv(env),
    detectDevice(env),
    docker(env),
    disk("disk, project", cwd, 2e9),
    disk("disk, cache", ftCacheDir(env), 10e9),
    hub(env),
    engines(env),
  ]);
  const [container, project, cache, network, made] = others;
  return [node(), ...python, ...gpuChecks(device), container, project, cache, token(env), network, ...made];
}

function node(): Check {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const isNewEnough = major > 20 || (major === 20 && minor >= 19);
  return check(
    "node",
    isNewEnough ? "ok" : "missing",
    process.versions.node,
    isNewEnough ? null : "install Node 20.19 or newer",
  );
}

async function pythonAndUv(env: Env): Promise<Check[]> {
  const [{ ok, tooOld }, uv] = await Promise.all([findPython(env), existingUv(env)]);
  const getPython = "install Python 3.10 or newer";
  let python: Check;
  if (ok?.version.startsWith("3.10.")) {
    python = check(
      "python",
      "warn",
      `${ok.version} (${ok.command})`,
      "trl needs 3.11 or newer: uv finds or fetches one",
    );
  } else if (ok) python = check("python", "ok", `${ok.version} (${ok.command})`);
  else if (uv)
    python = check(
      "python",
      "warn",
      tooOld ? `${tooOld.version} is too old` : "none on PATH",
      `uv will fetch one; or ${getPython}`,
    );
  else python = check("python", "missing", tooOld ? `${tooOld.version} is too old` : "none on PATH", getPython);
  if (uv) return [python, check("uv", "ok", `${uv.version} (${uv.command})`)];
  return [
    python,
    ok ? check("uv", "ok", "none; ft installs its own when it needs it") : check("uv", "missing", "none", getPython),
  ];
}

/** Of this machine or another: what it trains on, and its driver. */
export function gpuChecks(device: Device): Check[] {
  if (device.kind === "cpu") {
    const status = device.problem ? "warn" : "ok";
    const next = device.problem
      ? "mend the driver; until then ft trains on the CPU"
      : "small models train on the CPU; larger ones want a GPU";
    return [check("gpu", status, device.problem ?? "none", next), check("driver", "ok", "none needed")];
  }
  const memory = device.memoryBytes[0] ? `, ${Math.round(device.memoryBytes[0] / 2 ** 30)} GiB each` : "";
  const list = [
    check("gpu", "ok", `${device.count} x ${device.names[0] ?? device.kind}${memory}${device.bf16 ? "" : ", no bf16"}`),
  ];
  const isOld = device.kind === "cuda" && Number.parseInt(device.driver ?? "580", 10) < 580;
  const next = isOld ? "CUDA 13 builds need 580 or newer: update it, or let uv take an older torch build" : null;
  return [...list, check("driver", isOld ? "warn" : "ok", device.driver ?? "part of the system", next)];
}

async function docker(env: Env): Promise<Check> {
  const args = ["version", "--format", "{{.Client.Version}} {{if .Server}}{{.Server.Version}}{{end}}"];
  const result = await execa("docker", args, { env: { ...env }, extendEnv: false, reject: false, timeout: 5_000 });
  if (result.code === "ENOENT") return check("docker", "ok", "none; only the docker launcher needs it");
  const [client = "", server] = result.stdout.trim().split(/\s+/);
  if (!result.failed && server) return check("docker", "ok", `client ${client}, daemon ${server}`);
  const isForbidden = /permission denied/i.test(result.stderr);
  const next = isForbidden
    ? "add yourself to the docker group"
    : "start the daemon, if you want to train in containers";
  return check(
    "docker",
    "warn",
    `client ${client}, daemon ${isForbidden ? "refuses you" : "does not answer"}`.replace("client ,", "client there,"),
    next,
  );
}

async function disk(name: string, dir: string, wanted: number): Promise<Check> {
  const free = await freeBytes(dir);
  const next =
    free < wanted
      ? `free some: ${diskSize(wanted)} is a comfortable start${name === "disk, cache" ? ", or move it with FT_CACHE" : ""}`
      : null;
  return check(name, free < wanted ? "warn" : "ok", `${diskSize(free)} free in ${dir}`, next);
}

function token(env: Env): Check {
  return hubToken(env)
    ? check("hub token", "ok", "yes")
    : check("hub token", "ok", "no", "only gated models (Llama, Gemma) need one: set HF_TOKEN");
}

async function hub(env: Env): Promise<Check> {
  const url = hubUrl(env);
  try {
    // Any answer will do; no token is sent.
    await fetch(`${url}/api/models?limit=1`, { signal: AbortSignal.timeout(5_000) });
    return check("hub", "ok", `${url} answers`);
  } catch {
    return check(
      "hub",
      "warn",
      `${url} can't be reached`,
      "local folders, GGUF files and smollm2-135m still work; HF_ENDPOINT names a mirror",
    );
  }
}

async function engines(env: Env): Promise<Check[]> {
  const made = await listEnvironments(env);
  const programs = suitePrograms.map(({ name, version }) => {
    const isReady = made.some(({ marker }) => marker?.engine === name && marker.engineVersion === version);
    if (isReady) return check(name, "ok", `${version}, ready`);
    const next = `only suites of that type need it; ft eval run makes it, or now: ft env create ${name}`;
    return check(name, "ok", `${version}, no environment yet`, next);
  });
  const checks = lockedEngines().map((engine) => {
    const lock = readEngineLock(engine);
    const isDefault = engine.version === engineVersions[engine.name as keyof typeof engineVersions][0];
    const name = isDefault ? `engine ${engine.name}` : `engine ${engine.name} ${engine.version}`;
    const ready = made.find(({ marker }) => marker?.engine === engine.name && marker.lockHash === lock.hash);
    if (ready?.marker) return check(name, "ok", `${lock.version}, ready (torch ${ready.marker.torch})`);
    return check(
      name,
      "ok",
      `${lock.version}, no environment yet`,
      `ft run makes it; or now: ft env create ${engine.name}@${engine.version}`,
    );
  });
  return [...checks, ...programs];
}

function check(name: string, status: Check["status"], detail: string, next: string | null = null): Check {
  return { name, status, detail, next };
}
