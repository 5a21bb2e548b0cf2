// What a run in a container would find: the machine, the engine, whether its containers get the GPUs, the image.
import type { TargetOf } from "../../recipes/schema/targets.js";
import type { Probe, Wanted } from "../contract.js";
import type { Caches } from "../folder/room.js";
import type { Host } from "../hosts/contract.js";
import { probeHost } from "../hosts/probe.js";
import { type Daemon, tell } from "./daemon.js";
import { mappingOf } from "./ids.js";
import { imageCheck } from "./image-check.js";

type Check = Probe["checks"][number];

export async function probeDaemon(
  host: Host,
  daemon: Daemon,
  { target, caches, wanted }: { target: TargetOf<"docker">; caches: Caches; wanted: Wanted | undefined },
): Promise<Probe> {
  const { device, checks } = await probeHost(host, target, { caches, wanted });
  const engine = await engineCheck(daemon);
  if (engine.status === "missing") return { device, checks: [...checks, engine] };
  const gpus = device.kind === "cuda" ? [await gpuCheck(daemon)] : [];
  return { device, checks: [...checks, engine, ...gpus, await imageCheck(daemon, { target, device, wanted })] };
}

async function engineCheck(daemon: Daemon): Promise<Check> {
  const name = daemon.runtime;
  try {
    const version = await tell(daemon, [
      "version",
      "--format",
      name === "docker" ? "{{.Server.Version}}" : "{{.Client.Version}}",
    ]);
    const { isRootless } = await mappingOf(daemon);
    return { name, status: "ok", detail: `${version.trim()}${isRootless ? ", without root" : ""}`, next: null };
  } catch (error) {
    const { message, why, next } = error as { message: string; why?: string; next?: string };
    return { name, status: "missing", detail: `${message}${why ? `: ${why}` : ""}`, next: next ?? null };
  }
}

/** The driver is there; whether containers get it is another question. */
async function gpuCheck(daemon: Daemon): Promise<Check> {
  if (daemon.runtime === "podman") {
    const { exitCode, stdout } = await daemon.host.run(["nvidia-ctk", "cdi", "list"], { timeoutMs: 20_000 });
    const isKnown = exitCode === 0 && Buffer.from(stdout).includes("nvidia.com/gpu=");
    return isKnown
      ? { name: "gpu in containers", status: "ok", detail: "by CDI", next: null }
      : { ...withoutToolkit, next: "nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml" };
  }
  const runtimes = await tell(daemon, ["info", "--format", "{{json .Runtimes}}"]);
  if (runtimes.includes("nvidia"))
    return { name: "gpu in containers", status: "ok", detail: "NVIDIA's runtime", next: null };
  return withoutToolkit;
}

const withoutToolkit: Check = {
  name: "gpu in containers",
  status: "missing",
  detail: "the NVIDIA Container Toolkit is not set up: containers see no GPU",
  next: "install nvidia-container-toolkit, then nvidia-ctk runtime configure --runtime=docker and restart the daemon",
};
