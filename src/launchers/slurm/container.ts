// How a program is started in a container on a node of Slurm: apptainer, enroot, or srun with pyxis.
import type { SlurmContainer } from "../../recipes/schema/targets/slurm.js";

export interface Inside {
  /** The job folder; it has the same path in the container. */
  dir: string;
  /** Files and folders outside it that the trainer reads. */
  reads: string[];
  gpus: number;
  /** Variables that the script exports. */
  variables: string[];
}

/** Of `command` in the container. */
export function containerCommand(container: SlurmContainer, command: string[], inside: Inside): string[] {
  const mounts = [...[inside.dir, ...inside.reads].map((path) => `${path}:${path}`), ...container.mounts.map(twoSided)];
  const { kind, image } = container;
  if (kind === "apptainer") {
    const gpus = inside.gpus > 0 ? ["--nv"] : [];
    const binds = mounts.flatMap((mount) => ["--bind", mount]);
    return ["apptainer", "exec", ...gpus, ...binds, "--pwd", inside.dir, image, ...command];
  }
  if (kind === "enroot") {
    // Nothing of the environment goes along by itself; GPUs do (its hook reads NVIDIA_VISIBLE_DEVICES).
    const variables = inside.variables.flatMap((variable) => ["--env", variable]);
    return [
      "enroot",
      "start",
      "--rw",
      ...variables,
      ...mounts.flatMap((mount) => ["--mount", mount]),
      image,
      ...command,
    ];
  }
  const options = [`--container-image=${image}`, `--container-mounts=${mounts.join(",")}`];
  return ["srun", "--export=ALL", "--wait=0", ...options, `--container-workdir=${inside.dir}`, ...command];
}

/** `/data` is `/data:/data`. */
function twoSided(mount: string): string {
  const [from, to, mode] = mount.split(":");
  if (to === undefined) return `${from}:${from}`;
  return to.startsWith("/") ? mount : `${from}:${from}:${mode ?? to}`;
}
