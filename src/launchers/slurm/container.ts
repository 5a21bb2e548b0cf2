// How a program is started in a container on a node of Slurm: apptainer, enroot, or srun with pyxis.
import type { SlurmContainer } from "../../recipes/schema/targets/slurm.js";

export interface Inside {
  /** The job folder; it has the same path in the container. */
  dir: string;
  /** Folders outside it that the trainer reads. */
  reads: string[];
  gpus: number;
  /** Variables that the script exports. */
  variables: string[];
}

/** `command` in the container. */
export function containerCommand(container: SlurmContainer, command: string[], inside: Inside): string[] {
  const mounts = mountsOf(container, inside);
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
  return command; // pyxis: srun makes the container (pyxisOptions)
}

/** Of srun. */
export function pyxisOptions(container: SlurmContainer, inside: Inside): string[] {
  const mounts = mountsOf(container, inside).join(",");
  return [`--container-image=${container.image}`, `--container-mounts=${mounts}`, `--container-workdir=${inside.dir}`];
}

function mountsOf({ mounts }: SlurmContainer, { dir, reads }: Inside): string[] {
  return [...[dir, ...reads].map((path) => `${path}:${path}`), ...mounts.map(twoSided)];
}

/** `/data` is `/data:/data`. */
function twoSided(mount: string): string {
  const [from, to, mode] = mount.split(":");
  if (to === undefined) return `${from}:${from}`;
  return to.startsWith("/") ? mount : `${from}:${from}:${mode ?? to}`;
}
