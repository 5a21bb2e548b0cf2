// podman for tests, with storage and settings of its own. It has no daemon: what it needs is in its environment.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { debianArchive, debianTag } from "./debian-image.js";
import { ensurePrograms, findProgram, sayLoudly } from "./programs.js";

export interface Podman {
  env: Record<string, string>;
  /** A Debian with Python. */
  image: string;
  /** Ends its containers and removes all that is its. */
  stop(): Promise<void>;
}

/** Null, with a word on stderr, where it cannot be had. */
export async function startPodman(): Promise<Podman | null> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return without("its tests take Linux and root");
  if (!(await ensurePrograms(["podman", "tini"], ["podman", "tini"]))) return null;
  const archive = await debianArchive();
  if (archive === null) return null;
  const dir = mkdtempSync(join(tmpdir(), "ft-podman-"));
  const init = `init_path = "${findProgram("tini")}"`;
  const settings = [
    ...["[containers]", "default_ulimits = []", init], // limits that a sandbox may not raise
    ...["[engine]", 'cgroup_manager = "cgroupfs"', 'events_logger = "file"', init], // of its service, as `containers` of its command line
  ];
  writeFileSync(join(dir, "containers.conf"), `${settings.join("\n")}\n`);
  const storage = ["[storage]", 'driver = "overlay"', `graphroot = "${dir}/root"`, `runroot = "${dir}/run"`];
  writeFileSync(join(dir, "storage.conf"), `${storage.join("\n")}\n`);
  const env = {
    CONTAINERS_CONF: join(dir, "containers.conf"),
    CONTAINERS_STORAGE_CONF: join(dir, "storage.conf"),
  };
  const stop = async () => {
    await execa("podman", ["rm", "--all", "--force"], { env, reject: false });
    await execa("podman", ["rmi", "--all", "--force"], { env, reject: false });
    await execa("umount", ["-l", join(dir, "root/overlay")], { env, reject: false });
    rmSync(dir, { recursive: true, force: true });
  };
  const imported = await execa("podman", ["import", archive, debianTag], { env, reject: false });
  if (!imported.failed) return { env, image: debianTag, stop };
  await stop();
  return without(`podman does not work here: ${imported.stderr.trim().split("\n").at(-1)}`);
}

function without(why: string): null {
  sayLoudly(`no podman here: ${why}`);
  return null;
}
