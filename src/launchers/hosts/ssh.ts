// A machine behind ssh: the system's own client, so that ~/.ssh/config, agents, jump hosts and hardware keys work as they do by hand.
import { createHash } from "node:crypto";
import { closeSync, lstatSync, mkdirSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { FtError } from "../../errors.js";
import type { Connection } from "../../recipes/schema/targets/connection.js";
import type { Host, RunResult } from "./contract.js";
import { quote } from "./quote.js";
import { isWithoutAddress, sshFailure } from "./ssh-failure.js";
import { runProgram, talkTo } from "./this-machine.js";

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
  const judge = async (result: RunResult): Promise<RunResult> => {
    if (result.exitCode !== sshFailed) return result;
    shared = null;
    throw await failureOf(connection, result.stderr);
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
function sshOptions(connection: Connection): string[] {
  const { port, identity, jump, config } = connection;
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
    ...["-o", `ControlPath=${controlPath(connection) ?? "none"}`],
    ...(port ? ["-p", String(port)] : []),
    ...(identity ? ["-i", identity, "-o", "IdentitiesOnly=yes"] : []),
    ...(jump ? ["-J", jump] : []),
  ];
}

/**
 * Short, as a socket's path may have some 100 characters; %C is ssh's hash of user, host, port and jump. Null where the folder is another
 * user's or open to one, who could listen there in sshd's place: then nothing is shared.
 */
function controlPath(connection: Connection): string | null {
  const { uid } = userInfo();
  const folder = join(tmpdir(), `ft-ssh-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const status = lstatSync(folder);
  const isOurs = status.isDirectory() && status.uid === uid && (status.mode & 0o077) === 0;
  return isOurs ? join(folder, `${settingsHash(connection)}-%C`) : null;
}

/** With other settings a connection is another one: a key that no longer lets anyone in is not hidden by one that did. */
function settingsHash(connection: Connection): string {
  const { identity, config } = connection;
  const files = [identity, config].map((file) => {
    const path = file?.replace(/^~(?=\/)/, homedir());
    return path === undefined ? null : (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null);
  });
  return createHash("sha256")
    .update(JSON.stringify([connection, files]))
    .digest("hex")
    .slice(0, 8);
}

/**
 * Opens the connection that the next calls share (ControlMaster). Its own process keeps its output open for as long as it lives, so it
 * gets a file for it and not a pipe that would never end.
 */
async function shareConnection(connection: Connection): Promise<void> {
  if (controlPath(connection) === null) return;
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
    if (code === "ENOENT") throw sshFailure(connection.host, "there is no ssh program on this machine");
    if (exitCode !== 0) throw await failureOf(connection, readFileSync(file, "utf8"));
  } finally {
    closeSync(words);
    rmSync(file, { force: true });
  }
}

/**
 * Where the way leads through a jump host, which ssh itself says, that one is asked for itself; and the machine once more, as what was said on the way
 * is thrown away where the connection is to be shared (sshconnect.c, ssh_proxy_connect).
 */
async function failureOf(connection: Connection, stderr: string): Promise<FtError> {
  const { host, config } = connection;
  if (!isWithoutAddress(stderr)) return sshFailure(host, stderr, connection);
  const ask = (to: Connection, ...args: string[]) =>
    execa("ssh", ["-o", "ControlPath=none", "-o", "ConnectTimeout=5", ...sshOptions(to), ...args], {
      reject: false,
      stdin: "ignore",
    });
  const settings = await ask(connection, "-G", host);
  const jump = /^proxyjump ([^,\s]+)/m.exec(settings.stdout)?.[1];
  const [first, again] = await Promise.all([
    jump === undefined ? null : ask({ host: jump, ...(config && { config }) }, `ssh://${jump}`, "true"),
    ask(connection, host, "true"),
  ]);
  if (jump !== undefined && first?.exitCode === sshFailed) return sshFailure(jump, first.stderr, { to: host });
  return sshFailure(host, again.exitCode === sshFailed ? again.stderr : stderr, connection);
}
