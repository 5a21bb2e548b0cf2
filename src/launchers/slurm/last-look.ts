// How an attempt's jobs do, asked of the controller every few seconds at most: ft looks at events four times a second, and a cluster's controller serves many.
import type { Liveness } from "../contract.js";
import type { Host } from "../hosts/contract.js";
import { fromAccounts, jobsOf, livenessOf } from "./queue.js";

type Known = { liveness: Liveness; reason?: string };

/** An older answer would be as true: events that were written since are read after it. */
const everyMs = 2_000;
const looks = new Map<string, { at: number; known: Promise<Known> }>();

/** Throws FtError launcher.unreachable. */
export async function lastLiveness(host: Host, name: string): Promise<Known> {
  const key = `${host.label} ${name}`;
  const last = looks.get(key);
  if (last && performance.now() - last.at < everyMs) return last.known;
  const look = { at: performance.now(), known: ask(host, name) };
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
  const reason = await fromAccounts(host, name);
  return { liveness: "gone", ...(reason === null ? {} : { reason }) };
}
