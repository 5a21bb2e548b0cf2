// Which daemon is meant, by the target, by DOCKER_HOST or CONTAINER_HOST, and by docker's own contexts, which docker itself makes here.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ensurePrograms } from "../../../test/services/programs.js";
import { targetSchema } from "../../recipes/schema/targets.js";
import { whereDaemon } from "./where-daemon.js";

let config: string;

beforeEach(() => {
  config = mkdtempSync(join(tmpdir(), "ft-docker-config-"));
  vi.stubEnv("DOCKER_CONFIG", config);
  for (const name of ["DOCKER_HOST", "DOCKER_CONTEXT", "CONTAINER_HOST"]) vi.stubEnv(name, undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(config, { recursive: true, force: true });
});

function where(keys: object = {}) {
  return whereDaemon(targetSchema.parse({ launcher: "docker", ...keys }) as Parameters<typeof whereDaemon>[0]);
}

function whereBy(address: string) {
  vi.stubEnv("DOCKER_HOST", address);
  return where();
}

function refusal(ask: () => unknown): string {
  try {
    ask();
  } catch (error) {
    const { code, message, why, next } = error as Record<string, string>;
    expect(code).toBe("launcher.docker-host");
    return `${message}: ${why}: ${next}`;
  }
  return "none";
}

describe("the daemon of DOCKER_HOST", () => {
  it.each([
    ["ssh://far", { host: "far" }, null],
    ["ssh://me@Far_Box:2222", { host: "me@Far_Box", port: 2222 }, null],
    ["ssh://me@far/", { host: "me@far" }, null],
    ["ssh://me@far/run/user/1000/docker.sock", { host: "me@far" }, "unix:///run/user/1000/docker.sock"],
    ["ssh://me@far:22/srv/my%20docker.sock", { host: "me@far", port: 22 }, "unix:///srv/my docker.sock"],
    ["ssh://me@[::1]:1", { host: "me@::1", port: 1 }, null],
  ])("%s is behind ssh, at the socket of its path", (address, connection, socket) => {
    expect(whereBy(address)).toEqual({ connection: { ...connection, namedBy: "DOCKER_HOST" }, address: socket });
  });

  it.each([
    "unix:///tmp/docker.sock",
    "unix://docker.sock",
    "tcp://127.0.0.1:2375",
    "tcp://[::1]:2375",
    "localhost:2375",
  ])("%s is of this machine", (address) => expect(whereBy(address)).toEqual({ connection: null, address }));

  it.each([
    ["ssh://me:p/w@far", /DOCKER_HOST is ssh:\/\/me:\*\*\*@far/],
    ["ssh://me:pw@far", /\*\*\*@far.*no password/],
    ["ssh://-oProxyCommand=x", /no '-' in front/],
    ["ssh://me@-oProxyCommand=x", /no '-' in front/],
    ["ssh://me@far:0", /port/],
    ["ssh://me@far:99999", /DOCKER_HOST is ssh:\/\/me@far:99999/],
    ["ssh:///run/docker.sock", /no host/],
    ["ssh://far/a?b", /nothing stands after/],
    ["ssh://far/%00", /% that stands for no letter/],
    ["https://far:2376", /none of unix/],
    [
      "tcp://far:2375",
      /cannot bring a job folder to the machine of DOCKER_HOST, which is tcp:\/\/far:2375.*DOCKER_HOST=ssh:/,
    ],
    ["tcp://127.far.example:2375", /cannot bring/],
    ["far:2375", /cannot bring a job folder to the machine of DOCKER_HOST, which is far:2375/],
  ])("%s is refused, with the address and why", (address, words) => {
    const told = refusal(() => whereBy(address));
    expect(told).toMatch(words);
    expect(told).not.toMatch(/p\/?w@/);
  });

  it("counts less than the target's `at`, more than a context, and not for podman, which has CONTAINER_HOST", () => {
    vi.stubEnv("DOCKER_CONTEXT", "nowhere");
    expect(whereBy("unix:///a.sock").address).toBe("unix:///a.sock");
    expect(where({ at: "box" })).toEqual({ connection: { host: "box" }, address: null });
    expect(where({ runtime: "podman" })).toEqual({ connection: null, address: null });
    vi.stubEnv("CONTAINER_HOST", "ssh://me@far/run/user/1000/podman/podman.sock");
    expect(where({ runtime: "podman" })).toEqual({
      connection: { host: "me@far", namedBy: "CONTAINER_HOST" },
      address: "unix:///run/user/1000/podman/podman.sock",
    });
  });
});

describe("the daemon of docker's context", () => {
  async function addContext(name: string, host: string): Promise<void> {
    await execa("docker", ["context", "create", name, "--docker", `host=${host}`]);
  }

  it("is that of the current one, by `docker context use` or DOCKER_CONTEXT, as if DOCKER_HOST named it", async ({
    skip,
  }) => {
    if (!(await ensurePrograms(["docker"], ["docker.io"]))) return skip();
    const here = { connection: null, address: "unix:///var/run/docker.sock" };
    expect(where()).toEqual(here);
    await addContext("far", "ssh://me@far");
    await addContext("near", "unix:///near.sock");
    expect(where()).toEqual(here);
    await execa("docker", ["context", "use", "far"]);
    expect(where()).toEqual({ connection: { host: "me@far", namedBy: "docker's context far" }, address: null });
    vi.stubEnv("DOCKER_CONTEXT", "near");
    expect(where()).toEqual({ connection: null, address: "unix:///near.sock" });
    expect(where({ at: "box" }).connection).toEqual({ host: "box" });
    vi.stubEnv("DOCKER_CONTEXT", "default");
    expect(where()).toEqual(here);
    vi.stubEnv("DOCKER_CONTEXT", "unknown"); // docker says so
    expect(where()).toEqual({ connection: null, address: null });
  });

  it("is refused where only TCP leads to it, and asked as it is where that is this machine, for its certificates", async ({
    skip,
  }) => {
    if (!(await ensurePrograms(["docker"], ["docker.io"]))) return skip();
    await addContext("far", "tcp://far:2376");
    await addContext("near", "tcp://127.0.0.1:2376");
    vi.stubEnv("DOCKER_CONTEXT", "far");
    expect(refusal(where)).toMatch(/machine of docker's context far, which is tcp:\/\/far:2376/);
    vi.stubEnv("DOCKER_CONTEXT", "near");
    expect(where()).toEqual({ connection: null, address: null });
  });

  it("is asked of docker once", async ({ skip }) => {
    if (!(await ensurePrograms(["docker"], ["docker.io"]))) return skip();
    await addContext("far", "ssh://me@far");
    vi.stubEnv("DOCKER_CONTEXT", "far");
    const first = where();
    vi.stubEnv("PATH", "/nowhere");
    expect(where()).toEqual(first);
  });
});
