// Why ssh did not get through, by what it says: a key that is refused is another thing to mend than a network that is down.
import { FtError } from "../../errors.js";
import { visibleLine } from "../../report/visible.js";

interface Failure {
  /** Of ssh's words on stderr. The first row that fits holds. */
  said: RegExp;
  message(label: string): string;
  /** `named`: where the machine is named. */
  next(label: string, named: string): string;
}

/** Source: OpenSSH 8 to 10 (ssh.c, sshconnect.c, packet.c, readconf.c); the words have been the same for many years. */
const failures: Failure[] = [
  {
    said: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    message: (label) => `${label} shows another host key than the one that is known`,
    next: (label) =>
      `ask whoever runs it whether its key was changed; only then take the old one out of known_hosts (\`ssh ${label}\` names the line) and connect once by hand`,
  },
  {
    said: /Host key verification failed|No .* host key is known/,
    message: (label) => `the host key of ${label} is not known here`,
    next: (label) => `connect once by hand (ssh ${label}), compare the key it shows, and accept it`,
  },
  {
    said: /Permission denied \(|Too many authentication failures|No supported authentication methods|sign_and_send_pubkey/,
    message: (label) => `${label} does not let you in`,
    next: (label) =>
      `try \`ssh -o BatchMode=yes ${label} true\`: a key without a passphrase or in the agent (ssh-add -l), in authorized_keys there; the target's \`at\` may name user and identity`,
  },
  {
    said: /Could not resolve hostname|Name or service not known|nodename nor servname/,
    message: (label) => `no machine is called ${label}`,
    next: (_, named) => `mend the host in ${named}, add it to ~/.ssh/config, or join the network that knows the name`,
  },
  {
    said: /Connection refused/,
    message: (label) => `${label} takes no ssh connection at this port`,
    next: (_, named) => `the machine is up, but no sshd listens there: start it, or mend the port in ${named}`,
  },
  {
    said: /timed out|Timeout, server .* not responding|No answer within/i,
    message: (label) => `${label} does not answer`,
    next: () =>
      "look whether it is up, and whether a VPN, a firewall or a jump host stands between; what runs there goes on, and ft finds it again",
  },
  {
    said: /Bad configuration option|Can't open user config file|Bad owner or permissions|configuration options?, terminating/,
    message: (label) => `ssh cannot read its settings for ${label}`,
    next: () => "mend the file that it names, or the target's `config`",
  },
  {
    said: /no ssh program/,
    message: (label) => `${label} cannot be reached`,
    next: () => "install the OpenSSH client here",
  },
];

/** Its code says that nobody knows how a run there stands, whichever it is: no news of it. `to`: of a jump host, the machine behind it. */
export function sshFailure(
  label: string,
  stderr: string,
  { to, namedBy = "the target's `at`" }: { to?: string; namedBy?: string | undefined } = {},
): FtError {
  const { message, next } = failures.find(({ said }) => said.test(stderr)) ?? otherwise;
  return new FtError({
    code: "launcher.unreachable",
    exit: "environment",
    message: to === undefined ? message(label) : `${message(label)}, the jump host on the way to ${to}`,
    why: why(stderr),
    next: to === undefined ? next(label, namedBy) : nextAtJump(label),
  });
}

/** So ssh speaks of a connection that a jump host, or another program, makes for it. */
export function isWithoutAddress(stderr: string): boolean {
  return withoutAddress.test(stderr);
}

const withoutAddress = /UNKNOWN port 65535/;

function nextAtJump(jump: string): string {
  return `try \`ssh -o BatchMode=yes ssh://${jump} true\` and mend what it says; it is named by the target's \`jump\`, or by ProxyJump in ~/.ssh/config`;
}

const otherwise: Omit<Failure, "said"> = {
  message: (label) => `${label} does not answer`,
  next: (label) =>
    `try \`ssh -o BatchMode=yes ${label} true\` and mend what it says; what runs there goes on, and ft finds it again`,
};

/** The last line that is not a warning; of warnings one that names a key which is not there. */
function why(stderr: string): string {
  const lines = stderr
    .split(/[\r\n]+/)
    .map((line) => visibleLine(line).trim())
    .filter(Boolean);
  const telling = lines.filter((line) => !/^(warning|debug|@|kex_exchange_identification)/i.test(line));
  const last = telling.findLast((line) => !withoutAddress.test(line)) ?? telling.at(-1) ?? "ssh did not say why";
  const lost = lines.find((line) => /identity file .* not accessible/i.test(line));
  return lost ? `${last} (${lost.replace(/^warning: /i, "").replace(/\.$/, "")})` : last;
}
