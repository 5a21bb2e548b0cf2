// Why a machine cannot be reached by ssh, each with its own next step: what the real client says to a real sshd, as `ft doctor --on` tells it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emptyFolder } from "../project.js";
import { runFt } from "../run-ft.js";
import { freePort } from "../services/programs.js";
import { type Sshd, startSshd } from "../services/sshd.js";

let sshd: Sshd | null = null;
const dir = emptyFolder();
let targets: Record<string, Record<string, unknown>> = {};

beforeAll(async () => {
  sshd = await startSshd();
  if (!sshd) return;
  const identity = join(dir, "stranger");
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", identity]);
  const settings = readFileSync(sshd.configFile, "utf8");
  const config = (name: string, text: string) => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const noKeys = config("no-keys", settings.replace(/IdentityFile .*/, `IdentityFile ${identity}`));
  const noHosts = config("no-hosts", settings.replace(/UserKnownHostsFile .*/, "UserKnownHostsFile /dev/null"));
  const [, key] = readFileSync(`${identity}.pub`, "utf8").split(" ");
  const otherHost = config("other", `[127.0.0.1]:${sshd.port} ssh-ed25519 ${key}\n`);
  const changed = config("changed", settings.replace(/UserKnownHostsFile .*/, `UserKnownHostsFile ${otherHost}`));
  const broken = config("broken", `${settings}\nNoSuchOption yes\n`);
  const box = { host: sshd.alias, config: sshd.configFile };
  targets = {
    good: box,
    key: { ...box, config: noKeys },
    identity: { host: `${sshd.user}@127.0.0.1`, port: sshd.port, identity, config: noKeys },
    "host-key": { ...box, config: noHosts },
    changed: { ...box, config: changed },
    name: { host: "no-such-machine.invalid" },
    port: { host: "127.0.0.1", port: await freePort() },
    config: { ...box, config: broken },
    jump: { ...box, jump: `127.0.0.1:${await freePort()}` },
    "jump-of-config": {
      ...box,
      host: "behind",
      config: config("jumps", `Host behind\n  ProxyJump gone\nHost gone\n  Port 1\n${settings}`),
    },
    "silent-jump": { ...box, jump: `127.0.0.1:${await silentPort()}` },
    behind: { host: `${sshd.user}@127.0.0.1`, port: await freePort(), jump: sshd.alias, config: sshd.configFile },
  };
  const lines = Object.entries(targets).map(
    ([name, at]) => `  ${name}: { launcher: ssh, at: ${JSON.stringify(at)} }\n`,
  );
  mkdirSync(join(dir, "ft"));
  writeFileSync(join(dir, "ft/targets.yaml"), `targets:\n${lines.join("")}`);
}, 60_000);

const silent = createServer();

/** Takes a connection, and says nothing. */
async function silentPort(): Promise<number> {
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  return (silent.address() as AddressInfo).port;
}

afterAll(async () => {
  silent.close();
  await sshd?.stop();
});

it.each([
  ["key", /box does not let you in/, /Permission denied \(publickey/, /ssh-add -l/],
  ["identity", /does not let you in/, /Permission denied \(publickey/, /identity/],
  ["host-key", /the host key of box is not known here/, /verification failed/, /connect once by hand/],
  ["changed", /box shows another host key/, /verification failed/, /out of known_hosts/],
  ["name", /no machine is called no-such-machine/, /resolve hostname/, /~\/\.ssh\/config/],
  ["port", /takes no ssh connection at this port/, /Connection refused/, /start it, or mend the port/],
  ["config", /cannot read its settings/, /configuration option/, /mend the file/],
  [
    "jump",
    /^error: \[127\.0\.0\.1\]:\d+ takes no ssh connection at this port, the jump host on the way to box/,
    /Connection refused/,
    /target's `jump`/,
  ],
  [
    "jump-of-config",
    /error: gone takes no ssh connection .*, the jump host on the way to behind/,
    /refused/,
    /ProxyJump/,
  ],
  ["silent-jump", /:\d+ does not answer, the jump host on the way to box/, /timed out/i, /target's `jump`/],
  [
    "behind",
    /error: \S+@127\.0\.0\.1 takes no ssh connection at this port\n/,
    /refused|stdio forwarding failed/,
    /start it, or mend/,
  ],
] as const)(
  "%s: what, why and what next, also while a good connection to the machine is open",
  async (name, what, why, next) => {
    if (!sshd) return;
    const env = { XDG_CONFIG_HOME: dir };
    const good = await runFt(["doctor", "--on", "good"], { cwd: dir, env });
    expect(good.code, good.err).toBe(0);
    const { code, err } = await runFt(["doctor", "--on", name], { cwd: dir, env });
    expect(code).toBe(6);
    for (const words of [what, why, next]) expect(err).toMatch(words);
  },
);
