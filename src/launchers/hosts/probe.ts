// What a machine is made of, asked through its host: the same questions as of this one, and what a run there needs.
import { z } from "zod";
import { gpuChecks } from "../../engines/diagnose.js";
import { type Device, detectDevice } from "../../engines/machine.js";
import { diskSize } from "../../free-space.js";
import type { Probe, Wanted } from "../contract.js";
import { callFarEnd } from "../folder/far-end.js";
import { askRoom, type Caches } from "../folder/room.js";
import type { Host } from "./contract.js";

const diskSchema = z.object({ path: z.string(), device: z.number(), freeBytes: z.number() });
const machineSchema = z.object({
  python: z.string(),
  cores: z.int(),
  memoryBytes: z.number(),
  shmBytes: z.number().nullable(),
  disk: diskSchema,
  caches: diskSchema,
  unwritable: z.string().nullable(),
});
type Machine = z.output<typeof machineSchema>;

/** A run's folder, base and environment want so much at least. */
const littleDisk = 10e9;

/** `dir`: of the jobs there. With `wanted` the device says what of it is there. Throws FtError launcher.unreachable, launcher.far-end. */
export async function probeHost(
  host: Host,
  { python, dir }: { python: string; dir: string },
  { caches, wanted }: { caches?: Caches; wanted?: Wanted | undefined } = {},
): Promise<Probe> {
  const call = { host, python, command: "machine", args: [dir], answer: machineSchema };
  const [{ answer: machine }, found, room] = await Promise.all([
    callFarEnd(call),
    deviceOf(host),
    caches && wanted && !host.isHere ? askRoom({ host, python, dir }, caches, wanted) : undefined,
  ]);
  const elsewhere = { label: host.label, ramBytes: machine.memoryBytes, ...(room && { room }) };
  const device: Device = host.isHere ? found : { ...found, elsewhere };
  const isOldPython = !/^3\.(9|[1-9]\d)/.test(machine.python);
  return {
    device,
    checks: [
      {
        ...{ name: "python", status: isOldPython ? "missing" : "ok", detail: `${machine.python} (${python})` },
        next: isOldPython ? "the supervisor wants 3.9 or newer: name one in the target's `python`" : null,
      },
      {
        ...{ name: "machine", status: "ok", next: null },
        detail: `${machine.cores} cores, ${Math.round(machine.memoryBytes / 2 ** 30)} GiB of memory`,
      },
      ...gpuChecks(device),
      ...diskChecks(machine, host),
    ],
  };
}

/** Of the jobs' folder, and of the caches where they lie on another disk. */
function diskChecks({ disk, caches, unwritable }: Machine, { isHere }: Host): Probe["checks"] {
  const disks = isHere || caches.device === disk.device ? [disk] : [disk, caches];
  return disks.map(({ path, freeBytes }): Probe["checks"][number] => {
    const name = path === disk.path ? "disk" : "disk, cache";
    const free = `${diskSize(freeBytes)} free in ${path}`;
    if (name === "disk" && unwritable !== null) {
      const next = isHere
        ? "give yourself that folder, or free some space"
        : "give yourself that folder there, free some space, or name another in the target's `dir`";
      return { name, status: "missing", detail: `${free}, and nothing can be written: ${unwritable}`, next };
    }
    const isLittle = freeBytes < littleDisk;
    const next = isLittle ? `free some: ${diskSize(littleDisk)} is a comfortable start` : null;
    return { name, status: isLittle ? "warn" : "ok", detail: free, next };
  });
}

/** GPUs as that machine's own tools tell them. */
function deviceOf(host: Host): Promise<Device> {
  if (host.isHere) return detectDevice(process.env);
  return detectDevice({}, async (file, args) => {
    const { exitCode, stdout, stderr } = await host.run([file, ...args], { timeoutMs: 20_000 });
    if (exitCode === 127) return null;
    const words = (stderr || Buffer.from(stdout).toString("utf8")).trim().split("\n")[0] || "it failed";
    return exitCode === 0
      ? { ok: true, text: Buffer.from(stdout).toString("utf8").trim() }
      : { ok: false, text: words };
  });
}
