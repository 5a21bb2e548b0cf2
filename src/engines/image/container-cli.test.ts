// Whether a container engine is there to talk to, by what its command line says.
import { expect, it } from "vitest";
import { isWithoutDaemon } from "./container-cli.js";

it.each([
  "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
  "failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the daemon is running", // since 29
  "error during connect: Get http://docker.example.com: EOF",
  "Cannot connect to Podman. Please verify your connection\nError: unable to connect to Podman socket: dial unix: connection refused",
])("nobody answers: %s", (stderr) => expect(isWithoutDaemon(stderr)).toBe(true));

it.each([
  'Error response from daemon: Get "http://localhost:5999/v2/": dial tcp 127.0.0.1:5999: connect: connection refused',
  "Error response from daemon: No such image: nope:1",
])("the daemon itself says it: %s", (stderr) => expect(isWithoutDaemon(stderr)).toBe(false));
