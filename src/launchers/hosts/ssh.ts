// A machine behind ssh: the system's own client, so that ~/.ssh/config, agents, jump hosts and hardware keys work as they do by hand.
import { closeSync, lstatSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { Connection } from "../../recipes/schema/targets/connection.js";
import type { Host, RunResult } from "./contract.js";
import { quote } from "./quote.js";
import { runProgram, talkTo, unreachable } from "./this-machine.js";

/** What ssh itself exits with when it has not run the program; no program of ft's far end does. */
const sshFailed = 255;
/** Without a word from the other side for so long, the link counts as cut: 3 times this, s. */
const aliveSeconds = 5;
/** A shared connection stays for the next ft, s. */
const persistSeconds = 60;
const runTimeoutMs = 120_000;
/** After a connection that could not be made, none is tried for so long, ms. */
const retryMs = 1_000;

export function sshHost(connection: Connection): Host {
  const label = connection.host;
  let shared: Promise<void> | null = null;
  const command = async (argv: readonly string[]): Promise<string[]> => {
    shared ??= shareConnection(connection).catch((error: unknown) => {
      // Said again for a moment, so that whoever asks often does not knock as often; then it is tried anew.
      setTimeout(() => {
        shared = null;
      }, retryMs).unref();
      throw error;
    });
    await shared;
    return ["ssh", ...sshOptions(connection), connection.host, "--", argv.map(quote).join(" ")];
  };
  const judge = (result: RunResult): RunResult => {
    if (result.exitCode !== sshFailed) return result;
    shared = null;
    throw unreachable(label, reason(result.stderr));
  };
  return {
    label,
    isHere: false,
    run: async (argv, options) =>
      judge(await runProgram(await command(argv), { timeoutMs: runTimeoutMs, ...options }, label)),
    talk: (argv, options) => {
      const talk = talkTo(
        ["ssh", ...sshOptions(connection), connection.host, "--", argv.map(quote).join(" ")],
        options,
      );
      const ended = talk.ended.then(judge);
      ended.catch(() => undefined); // whoever waits for it hears of it
      return { ...talk, ended };
    },
  };
}

/** Never asks anything; forwards nothing; takes what is shared when it is there, and connects by itself when it is not. */
function sshOptions({ port, identity, jump, config }: Connection): string[] {
  return [
    ...(config ? ["-F", config] : []),
    ...[
      "-T",
      "-o",
      "BatchMode=yes",
      "-o",
      "ConnectTimeout=15",
      "-o",
      "ClearAllForwardings=yes",
      "-o",
      "ForwardAgent=no",
    ],
    ...["-o", `ServerAliveInterval=${aliveSeconds}`, "-o", "ServerAliveCountMax=3"],
    ...["-o", `ControlPath=${controlPath() ?? "none"}`],
    ...(port ? ["-p", String(port)] : []),
    ...(identity ? ["-i", identity, "-o", "IdentitiesOnly=yes"] : []),
    ...(jump ? ["-J", jump] : []),
  ];
}

/**
 * Short, as a socket's path may have some 100 characters; %C is ssh's hash of user, host, port and jump. Null where the folder is another
 * user's or open to one, who could listen there in sshd's place: then nothing is shared.
 */
function controlPath(): string | null {
  const { uid } = userInfo();
  const folder = join(tmpdir(), `ft-ssh-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const status = lstatSync(folder);
  const isOurs = status.isDirectory() && status.uid === uid && (status.mode & 0o077) === 0;
  return isOurs ? join(folder, "%C") : null;
}

/**
 * Opens the connection that the next calls share (ControlMaster). Its own process keeps its output open for as long as it lives, so it
 * gets a file for it and not a pipe that would never end.
 */
async function shareConnection(connection: Connection): Promise<void> {
  if (controlPath() === null) return;
  const options = sshOptions(connection);
  const check = await execa("ssh", [...options, "-O", "check", connection.host], { reject: false, stdin: "ignore" });
  if (check.exitCode === 0) return;
  const file = join(tmpdir(), `ft-ssh-${process.pid}-${performance.now()}`);
  const words = openSync(file, "wx", 0o600);
  try {
    const master = ["-M", "-N", "-f", "-o", `ControlPersist=${persistSeconds}`];
    const { exitCode, code } = await execa("ssh", [...options, ...master, connection.host], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: { fd: words } as never,
      reject: false,
    });
    if (code === "ENOENT") throw unreachable(connection.host, "there is no ssh program on this machine");
    if (exitCode !== 0) throw unreachable(connection.host, reason(readFileSync(file, "utf8")));
  } finally {
    closeSync(words);
    rmSync(file, { force: true });
  }
}

/** The last line of what ssh said that is not a warning. */
function reason(stderr: string): string {
  const lines = stderr
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^(warning|debug)/i.test(line));
  const last = lines.at(-1) ?? "ssh did not say why";
  return /Host key verification failed/.test(stderr)
    ? `${last} (connect once by hand, to see and accept its key)`
    : last;
}
