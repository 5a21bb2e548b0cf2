// What a machine is made of, asked through its host: the same questions as of this one, and what a run there needs.
import { z } from "zod";
import { gpuChecks } from "../../engines/diagnose.js";
import { type Device, detectDevice } from "../../engines/machine.js";
import { gigabytes } from "../../free-space.js";
import type { Probe } from "../contract.js";
import { callFarEnd } from "../folder/far-end.js";
import type { Host } from "./contract.js";

const machineSchema = z.object({
  python: z.string(),
  cores: z.int(),
  memoryBytes: z.number(),
  freeBytes: z.number(),
  shmBytes: z.number().nullable(),
  canWrite: z.boolean(),
});

/** A run's folder, base and environment want so much at least. */
const littleDisk = 10e9;

/** `dir`: of the jobs there. Throws FtError launcher.unreachable, launcher.far-end. */
export async function probeHost(host: Host, { python, dir }: { python: string; dir: string }): Promise<Probe> {
  const call = { host, python, command: "machine", args: [dir], answer: machineSchema };
  const [{ answer: machine }, found] = await Promise.all([callFarEnd(call), deviceOf(host)]);
  const elsewhere = { label: host.label, ramBytes: machine.memoryBytes };
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
      {
        ...{ name: "disk", status: machine.canWrite ? (machine.freeBytes < littleDisk ? "warn" : "ok") : "missing" },
        detail: `${gigabytes(machine.freeBytes)} free in ${dir}${machine.canWrite ? "" : ", which cannot be written"}`,
        next: machine.canWrite
          ? machine.freeBytes < littleDisk
            ? `free some: ${gigabytes(littleDisk)} is a comfortable start`
            : null
          : "give yourself that folder there, or name another in the target's `dir`",
      },
    ],
  };
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
