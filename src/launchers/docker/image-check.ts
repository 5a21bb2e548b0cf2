// Whether the image of a target has the engine of a run, at its version: for `ft doctor --on`, and before a run is written.
import { lockedEngines, readEngineLock } from "../../engines/env/engine-lock.js";
import { imageTag, lockedCuda } from "../../engines/image/image-spec.js";
import type { Device } from "../../engines/machine.js";
import type { TargetOf } from "../../recipes/schema/targets.js";
import type { Probe, Wanted } from "../contract.js";
import { ask, type Daemon, tell } from "./daemon.js";
import { buildCommand, madeFor } from "./image.js";

type Check = Probe["checks"][number];

interface ImageQuestion {
  target: TargetOf<"docker">;
  device: Device;
  wanted: Wanted | undefined;
}

/** Whether the image has the engine that a run wants, or without `wanted` one that ft knows, at its version. */
export async function imageCheck(daemon: Daemon, { target, device, wanted }: ImageQuestion): Promise<Check> {
  const engines = wanted ? [wanted.engine] : lockedEngines();
  if (target.image) return givenImage(daemon, target, target.image, { engines, isAsked: wanted !== undefined });
  const format = "{{.Repository}}:{{.Tag}}";
  const listed = await tell(daemon, ["image", "ls", "--filter", "label=ft.engine", "--format", format]);
  const there = listed.split("\n").map((name) => name.replace(/^localhost\//, "").trim());
  const ready = engines.filter((engine) => tagsOf(engine).some((tag) => there.includes(tag)));
  if (ready.length > 0) return { name: "image", status: "ok", detail: `made by ft: ${namesOf(ready)}`, next: null };
  const others = there.filter(Boolean);
  const cuda = device.kind === "cuda" ? lockedCuda(readEngineLock(engines[0]!)) : "cpu";
  return {
    name: "image",
    status: "missing",
    detail: `no image made by ft of ${namesOf(engines)}${others.length > 0 ? `; of other versions: ${others.join(", ")}` : ""}`,
    next: `${buildCommand(target, engines[0]!, cuda)}; or name one in the target's \`image\``,
  };
}

/** A run without GPUs takes the image for CPUs, on a machine with GPUs too. */
function tagsOf(engine: Wanted["engine"]): string[] {
  const lock = readEngineLock(engine);
  return ["cpu", lockedCuda(lock)].map((cuda) => imageTag(lock, cuda));
}

function namesOf(engines: readonly Wanted["engine"][]): string {
  return engines.map(({ name, version }) => `${name} ${version}`).join(", ");
}

async function givenImage(
  daemon: Daemon,
  target: TargetOf<"docker">,
  image: string,
  { engines, isAsked }: { engines: readonly Wanted["engine"][]; isAsked: boolean },
): Promise<Check> {
  const name = "image";
  const { pull, prepare } = target;
  if (!(await ask(daemon, ["image", "inspect", "--format", "{{.Id}}", image])).ok) {
    if (pull !== "never")
      return { name, status: "warn", detail: `${image} is not there yet`, next: "it is pulled at the first run" };
    const next = `bring it there (${daemon.runtime} pull ${image}), or name another in the target's \`image\``;
    return { name, status: "missing", detail: `no ${image}, and the target's \`pull\` is never`, next };
  }
  if (prepare) return { name, status: "ok", detail: `${image}; the engine is made in the container`, next: null };
  const labelled = await madeFor(daemon, image);
  const found = labelled ? [labelled] : await enginesIn(daemon, image);
  const isKnown = found.some((one) => engines.some((engine) => same(engine, one)));
  if (isKnown) return { name, status: "ok", detail: `${image}: ${namesOf(found)}`, next: null };
  const isOther = found.some((one) => engines.some((engine) => engine.name === one.name));
  // Another version of an image that others made may work; one of ft's own is held to what it says (image.ts).
  const status = isAsked && (labelled !== null || !isOther) ? "missing" : "warn";
  const has = found.length > 0 ? `has ${namesOf(found)}` : "has no engine that ft knows";
  return {
    name,
    status,
    detail: `${image} ${has}${isAsked || isOther ? `, and ft's is ${namesOf(engines)}` : ""}`,
    next: `set \`prepare: true\` in the target, or leave \`image\` out and build it: ${buildCommand(target, engines[0]!)}`,
  };
}

function same(one: Wanted["engine"], other: Wanted["engine"]): boolean {
  return one.name === other.name && one.version === other.version;
}

/** Asked of its Python, which the container of a run would take too. */
async function enginesIn(daemon: Daemon, image: string): Promise<Wanted["engine"][]> {
  const names = [...new Set(lockedEngines().map((engine) => engine.name))];
  const program = [
    "import importlib.metadata as m",
    `for name in ${JSON.stringify(names)}:`,
    "  try: print(name, m.version(name))",
    "  except m.PackageNotFoundError: pass",
  ].join("\n");
  const shell =
    'test -n "$FT_PYTHON" || FT_PYTHON="$(command -v python || command -v python3)"; exec "$FT_PYTHON" -c "$1"';
  const trial = ["run", "--rm", "--pull", "never", "--network", "none", "--entrypoint", "/bin/sh", image];
  const { stdout } = await ask(daemon, [...trial, "-c", shell, "ft", program]);
  return stdout.split("\n").flatMap((line) => {
    const [name, version] = line.trim().split(" ");
    return name && version && names.includes(name) ? [{ name, version }] : [];
  });
}
