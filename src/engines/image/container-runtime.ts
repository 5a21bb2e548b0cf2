// The programs that run containers. Apart from what runs them, so that `ft --help` names them without loading that.

export const containerRuntimes = ["docker", "podman"] as const;
export type ContainerRuntime = (typeof containerRuntimes)[number];
