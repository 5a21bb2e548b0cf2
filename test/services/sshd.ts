// A real sshd of this user on 127.0.0.1, with keys and configuration of its own, behind a link that a test can cut.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { type Daemon, startDaemon } from "./daemon.js";
import { type Link, startLink } from "./link.js";
import { ensurePrograms, findProgram, freePort, sayLoudly } from "./programs.js";

export interface Sshd {
  host: string;
  /** Of the link before it. */
  port: number;
  user: string;
  /** The client's private key, without a passphrase. */
  identityFile: string;
  knownHostsFile: string;
  /** For `ssh -F`: `box` is this machine, `inner` one that only box reaches (ProxyJump). Nothing of ~/.ssh is read. */
  configFile: string;
  alias: "box";
  inner: "inner";
  /** A folder for what is said to be on the remote; $HOME of whoever logs in. */
  home: string;
  /** Nothing passes any more and nobody is told; see Link. */
  cut: Link["cut"];
  restore: Link["restore"];
  reset: Link["reset"];
  /** The daemon and all its sessions end, and a new one listens at the same port. */
  restart(): Promise<void>;
  /** Ends both daemons with their sessions. What sessions left detached is the test's to end. */
  stop(): Promise<void>;
}

/** Starts it, or says loudly why not and returns null. `env`: what each session finds in its environment (SetEnv). */
export async function startSshd({ env = {} }: { env?: Record<string, string> } = {}): Promise<Sshd | null> {
  const programs = ["sshd", "ssh", "ssh-keygen", "rsync"];
  if (!(await ensurePrograms(programs, ["openssh-server", "openssh-client", "rsync"]))) return null;
  const dir = mkdtempSync(join(tmpdir(), "ft-sshd-"));
  const home = join(dir, "home");
  mkdirSync(home);
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 }); // where sshd jails itself before a login
  const identityFile = await makeKey(dir, "client");
  const outer = await makeDaemon(dir, "outer", { HOME: home, ...env });
  const inner = await makeDaemon(dir, "inner", { HOME: home, ...env });
  try {
    await Promise.all([outer.start(), inner.start()]);
  } catch (error) {
    await Promise.all([outer.stop(), inner.stop()]);
    sayLoudly(`sshd does not start: ${(error as Error).message}`);
    return null;
  }
  const link = await startLink(outer.port);
  const user = userInfo().username;
  const knownHostsFile = join(dir, "known_hosts");
  const known = (port: number, key: string) => `[127.0.0.1]:${port} ${key}\n`;
  writeFileSync(knownHostsFile, known(link.port, outer.hostKey) + known(inner.port, inner.hostKey));
  const configFile = join(dir, "ssh_config");
  writeFileSync(
    configFile,
    `Host box
  Port ${link.port}
Host inner
  Port ${inner.port}
  ProxyJump box
Host *
  HostName 127.0.0.1
  User ${user}
  IdentityFile ${identityFile}
  IdentitiesOnly yes
  UserKnownHostsFile ${knownHostsFile}
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
`,
  );
  return {
    ...{ host: "127.0.0.1", port: link.port, user, identityFile, knownHostsFile, configFile, home },
    ...{ alias: "box", inner: "inner" },
    ...{ cut: link.cut, restore: link.restore, reset: link.reset },
    restart: async () => {
      await outer.stop();
      await outer.start();
    },
    stop: async () => {
      await link.close();
      await Promise.all([outer.stop(), inner.stop()]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** An ed25519 key pair; the private key's path. */
async function makeKey(dir: string, name: string): Promise<string> {
  const file = join(dir, name);
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file]);
  return file;
}

async function makeDaemon(dir: string, name: string, env: Record<string, string>) {
  const hostKey = await makeKey(dir, `${name}_host`);
  const port = await freePort();
  const config = join(dir, `${name}_sshd_config`);
  const log = join(dir, `${name}.log`);
  const setEnv = Object.entries(env).map(([key, value]) => `"${key}=${value}"`);
  writeFileSync(
    config,
    `ListenAddress 127.0.0.1:${port}
HostKey ${hostKey}
AuthorizedKeysFile ${join(dir, "client.pub")}
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
MaxSessions 100
PrintMotd no
Subsystem sftp internal-sftp
SetEnv ${setEnv.join(" ")}
`,
  );
  let daemon: Daemon | null = null;
  return {
    port,
    hostKey: readFileSync(`${hostKey}.pub`, "utf8").split(" ").slice(0, 2).join(" "),
    async start() {
      daemon = startDaemon(findProgram("sshd")!, ["-D", "-e", "-f", config], { log });
      await daemon.until(() => answers(port));
    },
    async stop() {
      if (!daemon?.isRunning()) return;
      const sessions = await sessionsOf(daemon.pid);
      await daemon.kill("SIGKILL"); // before they are: it would take a new session
      sessions.forEach(kill);
    },
  };
}

/** The processes of sshd's own that serve someone: its children, and as root theirs. */
async function sessionsOf(pid: number): Promise<number[]> {
  const { stdout } = await execa("ps", ["-eo", "pid=,ppid=,comm="]);
  const rows = stdout.split("\n").map((line) => line.trim().split(/\s+/));
  const children = (of: number): number[] =>
    rows
      .filter(([, parent, name]) => Number(parent) === of && name?.startsWith("sshd"))
      .flatMap(([child]) => [Number(child), ...children(Number(child))]);
  return children(pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it is gone already
  }
}

async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const say = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.once("data", () => say(true)); // its banner
    socket.once("error", () => say(false));
    socket.once("close", () => say(false));
  });
}
