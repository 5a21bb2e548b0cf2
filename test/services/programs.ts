// What the tests' own daemons need of this machine: their programs, a free port, and a loud word where they cannot be had.
import { existsSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { delimiter, join } from "node:path";
import { execa } from "execa";

/** Where daemons lie, which a person's PATH often leaves out. */
const daemonFolders = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

/** The absolute path of a program, null where there is none. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...daemonFolders];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** Whether all programs are here; as root of a Debian the missing ones are installed. Says loudly when a test has to do without. */
export async function ensurePrograms(programs: string[], packages: string[]): Promise<boolean> {
  const missing = () => programs.filter((name) => !findProgram(name));
  if (missing().length === 0) return true;
  const why = await install(packages);
  if (missing().length === 0) return true;
  sayLoudly(`no ${missing().join(", ")} here (${why}): install ${packages.join(" ")}`);
  return false;
}

async function install(packages: string[]): Promise<string> {
  if (process.getuid?.() !== 0) return "not root";
  if (!findProgram("apt-get")) return "no apt-get";
  const apt = (...args: string[]) =>
    execa("apt-get", ["-o", "DPkg::Lock::Timeout=600", ...args], {
      env: { DEBIAN_FRONTEND: "noninteractive" },
      reject: false,
    });
  const args = ["install", "-y", "--no-install-recommends", ...packages];
  if ((await apt(...args)).exitCode === 0) return "";
  await apt("update");
  const { exitCode, stderr } = await apt(...args);
  return exitCode === 0 ? "" : stderr.trim().split("\n").slice(-1).join("");
}

/** What a test that skips says, so that nobody takes a skipped one for a passed one. */
export function sayLoudly(what: string): void {
  process.stderr.write(`\n*** NOT TESTED: ${what} ***\n`);
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
