// Whose ids the container's process has, so that the files of a run at home are the person's.
import type { TargetOf } from "../../recipes/schema/targets.js";
import type { Host } from "../hosts/contract.js";
import { type Daemon, tell } from "./daemon.js";

export interface Ids {
  /** For --user; null: the image's. */
  user: string | null;
  /** The engine runs without root: there are limits that it cannot raise. */
  isRootless: boolean;
  /** More that the engine must be told. */
  args: string[];
}

/**
 * Without root the engine maps the container's root to the person. With root the ids are the same inside and outside, unless the daemon
 * shifts them (userns-remap), which is then left out for this container.
 */
export async function idsFor(daemon: Daemon, { user }: TargetOf<"docker">): Promise<Ids> {
  const { isRootless, isShifted } = await mappingOf(daemon);
  const args = isShifted ? ["--userns", "host"] : [];
  if (user === "image") return { user: null, isRootless, args };
  if (user !== "me") return { user, isRootless, args };
  return { user: isRootless ? "0:0" : await personsIds(daemon.host), isRootless, args };
}

export async function mappingOf(daemon: Daemon): Promise<{ isRootless: boolean; isShifted: boolean }> {
  if (daemon.runtime === "podman") {
    const answer = await tell(daemon, ["info", "--format", "{{.Host.Security.Rootless}}"]);
    return { isRootless: answer.trim() === "true", isShifted: false };
  }
  const answer = await tell(daemon, ["info", "--format", "{{json .SecurityOptions}}"]);
  return { isRootless: answer.includes("name=rootless"), isShifted: answer.includes("name=userns") };
}

async function personsIds(host: Host): Promise<string> {
  if (host.isHere) return `${process.getuid!()}:${process.getgid!()}`;
  const ask = async (flag: string) =>
    Buffer.from((await host.run(["id", flag])).stdout)
      .toString("utf8")
      .trim();
  return `${await ask("-u")}:${await ask("-g")}`;
}
