// A container image without a registry: a Debian with Python, made by debootstrap once and kept in ft's cache.
import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { made } from "../engine-packages.js";
import type { Dockerd } from "./dockerd.js";
import { ensurePrograms, findProgram } from "./programs.js";

/** Certificates of a proxy between this machine and the registries: what is built on the image meets the same one. */
const ownCertificates = "/usr/local/share/ca-certificates";

/** Its name in the daemon; null where debootstrap cannot be had, which was said then. */
export async function debianImage({ host }: Dockerd): Promise<string | null> {
  const archive = await debianArchive();
  if (archive === null) return null;
  await execa("docker", ["import", archive, debianTag], { env: { DOCKER_HOST: host } });
  return debianTag;
}

export const debianTag = "ft-test-debian:bookworm";

/** For `import`. */
export async function debianArchive(): Promise<string | null> {
  if (!(await ensurePrograms(["debootstrap"], ["debootstrap"]))) return null;
  const dir = await made("debian-python", async (folder) => {
    const root = `${folder}/root`;
    const packages = "--include=ca-certificates,python3";
    await execa(findProgram("debootstrap")!, ["--variant=minbase", packages, "bookworm", root]);
    if (existsSync(ownCertificates)) {
      for (const name of readdirSync(ownCertificates))
        cpSync(join(ownCertificates, name), join(root, ownCertificates, name));
      await execa("chroot", [root, "update-ca-certificates"], { env: { TMPDIR: "/tmp" } }); // the tests' own is not in there
    }
    await execa("tar", ["-C", root, "-cf", join(folder, "root.tar"), "."]);
    rmSync(root, { recursive: true });
  });
  return join(dir, "root.tar");
}
