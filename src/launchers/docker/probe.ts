// What a run in a container would find: the machine, the engine, whether its containers get the GPUs, the image.
import type { TargetOf } from "../../recipes/schema/targets.js";
import type { Probe } from "../contract.js";
import type { Host } from "../hosts/contract.js";
import { probeHost } from "../hosts/probe.js";
import { ask, type Daemon, tell } from "./daemon.js";
import { mappingOf } from "./ids.js";

type Check = Probe["checks"][number];

export async function probeDaemon(host: Host, daemon: Daemon, target: TargetOf<"docker">): Promise<Probe> {
  const { device, checks } = await probeHost(host, target);
  const engine = await engineCheck(daemon);
  if (engine.status === "missing") return { device, checks: [...checks, engine] };
  const gpus = device.kind === "cuda" ? [await gpuCheck(daemon)] : [];
  return { device, checks: [...checks, engine, ...gpus, await imageCheck(daemon, target)] };
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

async function imageCheck(daemon: Daemon, { image, pull }: TargetOf<"docker">): Promise<Check> {
  const asked = image ? [image] : ["--filter", "label=ft.engine"];
  const found = await ask(
    daemon,
    image ? ["image", "inspect", "--format", "{{.Id}}", image] : ["image", "ls", "--quiet", ...asked],
  );
  if (found.ok && found.stdout.trim())
    return { name: "image", status: "ok", detail: image ?? "made by ft", next: null };
  if (image && pull !== "never") {
    return {
      name: "image",
      status: "warn",
      detail: `${image} is not there yet`,
      next: "it is pulled at the first run",
    };
  }
  return {
    name: "image",
    status: "missing",
    detail: `no ${image ?? "image made by ft"}`,
    next: image
      ? `bring it there (${daemon.runtime} pull), or name another in the target's \`image\``
      : "ft image build --engine trl",
  };
}
