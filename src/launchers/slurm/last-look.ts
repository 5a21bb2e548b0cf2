// How an attempt's jobs do, asked of the controller every few seconds at most: ft looks at events four times a second, and a cluster's controller serves many.
import type { Host } from "../hosts/contract.js";
import { fromAccounts, jobsOf, type Known, livenessOf } from "./queue.js";

/** An older answer would be as true: events that were written since are read after it. But a job that writes no longer waits. */
const everyMs = 2_000;
const looks = new Map<string, { at: number; read: number; known: Promise<Known> }>();

/** `read`: bytes of the run's events that are at home. Throws FtError launcher.unreachable. */
export async function lastLiveness(host: Host, name: string, read: number): Promise<Known> {
  const key = `${host.label} ${name}`;
  const last = looks.get(key);
  if (last && performance.now() - last.at < everyMs) {
    const known = await last.known;
    if (known.liveness !== "queued" || read <= last.read) return known;
  }
  const look = { at: performance.now(), read, known: ask(host, name) };
  looks.set(key, look);
  look.known.catch(() => looks.get(key) === look && looks.delete(key));
  return look.known;
}

/** Something was done to it: the next question is asked anew. */
export function seenNow(host: Host, name: string): void {
  looks.delete(`${host.label} ${name}`);
}

/** Of several jobs of that name (it was submitted twice after all) one that is not over counts. */
async function ask(host: Host, name: string): Promise<Known> {
  const known = (await jobsOf(host, name)).map(livenessOf);
  const best =
    known.find(({ liveness }) => liveness === "running") ?? known.find(({ liveness }) => liveness === "queued");
  if (best ?? known[0]) return (best ?? known[0])!;
  return { ...(await fromAccounts(host, name)), liveness: "gone" };
}
