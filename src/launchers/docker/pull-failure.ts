// Why an image could not be pulled, by what docker or podman says: a registry that is down is another thing to mend than a login or a name.
import { FtError } from "../../errors.js";
import type { Daemon } from "./daemon.js";

interface Failure {
  code: string;
  /** Of the engine's words. The first row that fits holds. */
  said: RegExp;
  what(image: string): string;
  next(login: string): string;
}

/** Source: Docker 20 to 29 and podman 4 to 5 on registries that were down, closed, full or without the image; the distribution API's error codes. */
const failures: Failure[] = [
  {
    code: "env.disk-full",
    said: /no space left on device|disk quota exceeded/i,
    what: (image) => `the disk has no room for the image ${image}`,
    next: () =>
      "free some there (`docker system df` shows what images take), or move the engine's data to another disk",
  },
  {
    code: "launcher.no-registry",
    said: /toomanyrequests|too many requests|rate limit/i,
    what: (image) => `the registry of ${image} wants to be asked later`,
    next: (login) => `wait, or ${login}, which raises the limit`,
  },
  {
    code: "launcher.registry-login",
    said: /unauthorized|access denied|denied:|authentication required|no basic auth|invalid username|forbidden/i,
    what: (image) => `the registry does not give out ${image}`,
    next: (login) => `mend its name in the target's \`image\`, or ${login}`,
  },
  {
    code: "launcher.no-registry",
    said: /dial tcp|connection re(fused|set)|no such host|timeout|timed out|deadline exceeded|unreachable|x509|tls:|http response to https|unexpected eof|bad gateway|service unavailable|internal server error/i,
    what: (image) => `the registry of ${image} does not answer as it should`,
    next: () => "look whether that machine reaches it (name, proxy, certificate); then resume the run",
  },
];

/** Null: it answers, and has no such image. `words`: the engine's last. */
export function pullFailure({ host, runtime }: Daemon, image: string, words: string): FtError | null {
  const failure = failures.find(({ said }) => said.test(words));
  if (failure === undefined) return null;
  const login = `log in there by hand (${runtime} login)`;
  const { code, what, next } = failure;
  return new FtError({
    code,
    exit: "environment",
    message: `${what(image)}, asked from ${host.label}`,
    why: words,
    next: next(login),
  });
}
