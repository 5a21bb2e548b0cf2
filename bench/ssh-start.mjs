// From submitting a job to its first event: ft's ssh launcher against one ssh by hand that unpacks the same folder and starts the same program.
// The machine is this one, behind a sshd of its own on 127.0.0.1. No engine: what is timed is the way to it.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { firstEvent, root, startByFt, writeJob } from "./launch-job.mjs";
import { comparePairs } from "./measure.mjs";

/** Goal: at most 2 s more than by hand, which takes some 0.3 s: ft also keeps a lock, looks for an earlier start, and checks what arrived. */
export async function benchSshStart() {
  const base = mkdtempSync(join(tmpdir(), "ft-bench-"));
  const sshd = await startSshd(base);
  if (!sshd) {
    console.error("ssh-start is left out: no sshd program here (openssh-server)");
    rmSync(base, { recursive: true, force: true });
    return [];
  }
  const { sshLauncher } = await import(join(root, "dist/launchers/ssh/index.js"));
  const far = join(base, "far");
  const at = { host: "box", config: sshd.config };
  const job = () => writeJob(base, { launcher: "ssh", at, dir: far, engine_python: "python3" });
  try {
    const ours = {
      run: () => {
        const made = job();
        return startByFt(sshLauncher, made, join(far, "runs", made.manifest.id));
      },
    };
    const peer = { name: "ssh by hand", run: () => byHand(job(), far, sshd.config) };
    return [await comparePairs("ssh, submit to first event", 8, 5, ours, peer)];
  } finally {
    await execa("ssh", ["-F", sshd.config, "-O", "exit", "box"], { reject: false });
    sshd.stop();
    rmSync(base, { recursive: true, force: true });
  }
}

async function byHand({ dir, manifest }, far, config) {
  const there = join(far, "by-hand", manifest.id);
  const start = Date.now();
  const script = `mkdir -p ${there} && tar -x -C ${there} && cd ${there} && (setsid python3 trainer/run.py --attempt 1 >stdout.log 2>&1 </dev/null &)`;
  const packed = execa("tar", ["-c", "-C", dir, "."], { encoding: "buffer" });
  await packed.pipe("ssh", ["-F", config, "box", script]);
  return (await firstEvent(there)) - start;
}

async function startSshd(base) {
  const program = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].find((path) => existsSync(path));
  if (!program) return null;
  const port = await freePort();
  const key = async (name) => {
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(base, name)]);
    return join(base, name);
  };
  const [host, client] = [await key("host"), await key("client")];
  if (process.getuid() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const daemon = join(base, "sshd_config");
  writeFileSync(
    daemon,
    `ListenAddress 127.0.0.1:${port}\nHostKey ${host}\nPidFile none\nAuthorizedKeysFile ${client}.pub\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n`,
  );
  const config = join(base, "ssh_config");
  const known = join(base, "known_hosts");
  writeFileSync(known, `[127.0.0.1]:${port} ${readFileSync(`${host}.pub`, "utf8")}`);
  writeFileSync(
    config,
    `Host box\n  HostName 127.0.0.1\n  Port ${port}\n  User ${userInfo().username}\n  IdentityFile ${client}\n  IdentitiesOnly yes\n  UserKnownHostsFile ${known}\n`,
  );
  const process_ = spawn(program, ["-D", "-e", "-f", daemon], { stdio: "ignore" });
  return { config, stop: () => process_.kill() };
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
