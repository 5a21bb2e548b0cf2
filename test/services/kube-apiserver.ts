// A real kube-apiserver over a real etcd, for the suite that asks for it (FT_TEST_KUBERNETES=1): built once from the Go module proxy, which takes
// 10 to 40 minutes. There is no kubelet and no controller: objects are judged, kept, found and deleted, and no pod runs.
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { withFileLock } from "../../src/file-lock.js";
import { ftCacheDir } from "../../src/paths.js";
import { until } from "../fake-run.js";

const version = "1.34.4";
const staging = `v0.${version.slice(2)}`;

export interface Apiserver {
  /** For KUBECONFIG. */
  kubeconfig: string;
  stop(): Promise<void>;
}

/** Null, and said on stderr, where nobody asked for it or it cannot be had. */
export async function startApiserver(): Promise<Apiserver | null> {
  if (!process.env.FT_TEST_KUBERNETES) {
    process.stderr.write("SKIPPED: no real kube-apiserver (FT_TEST_KUBERNETES=1 builds one, which takes long)\n");
    return null;
  }
  const [program, etcd] = [await apiserverProgram(), await etcdProgram()];
  const folder = mkdtempSync(join(tmpdir(), "ft-apiserver-"));
  const [client, peer, port] = [await freePort(), await freePort(), await freePort()];
  const local = (number: number) => `http://127.0.0.1:${number}`;
  const store = execa(
    etcd,
    [
      ...[
        "--data-dir",
        join(folder, "etcd"),
        "--listen-client-urls",
        local(client),
        "--advertise-client-urls",
        local(client),
      ],
      ...["--listen-peer-urls", local(peer), "--initial-advertise-peer-urls", local(peer)],
      ...["--initial-cluster", `default=${local(peer)}`, "--unsafe-no-fsync"],
    ],
    { reject: false, stdout: "ignore", stderr: "ignore" },
  );
  const key = join(folder, "accounts.key");
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeFileSync(key, privateKey.export({ type: "pkcs1", format: "pem" }));
  writeFileSync(join(folder, "tokens.csv"), "ft-test,ft,1,system:masters\n");
  const server = execa(
    program,
    [
      ...[
        "--etcd-servers",
        local(client),
        "--bind-address",
        "127.0.0.1",
        "--secure-port",
        String(port),
        "--cert-dir",
        folder,
      ],
      ...[
        "--token-auth-file",
        join(folder, "tokens.csv"),
        "--authorization-mode",
        "RBAC",
        "--service-cluster-ip-range",
        "10.0.0.0/24",
      ],
      ...[
        "--service-account-issuer",
        "https://ft.test",
        "--service-account-signing-key-file",
        key,
        "--service-account-key-file",
        key,
      ],
      ...["--disable-admission-plugins", "ServiceAccount"],
    ],
    { reject: false, all: true, buffer: true },
  );
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(kubeconfig, JSON.stringify(configFor(port)));
  const ready = async () =>
    (await execa("kubectl", ["--kubeconfig", kubeconfig, "get", "--raw", "/readyz"], { reject: false })).exitCode === 0;
  await until(ready, 180_000);
  return {
    kubeconfig,
    async stop() {
      server.kill();
      await server;
      store.kill();
      await store;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configFor(port: number): object {
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "ft", cluster: { server: `https://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } }],
    users: [{ name: "ft", user: { token: "ft-test" } }],
    contexts: [{ name: "ft", context: { cluster: "ft", user: "ft" } }],
    "current-context": "ft",
  };
}

/** JobSet's own definition, for `kubectl create`. */
export async function jobsetDefinition(): Promise<string> {
  return join(await goModule("sigs.k8s.io/jobset@v0.10.1"), "config/components/crd/bases/jobset.x-k8s.io_jobsets.yaml");
}

const main = `package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() { os.Exit(cli.Run(app.NewAPIServerCommand())) }
`;

/** Kubernetes cannot be built as a dependency as it is: its own parts have no version. They get that of their release. */
async function apiserverProgram(): Promise<string> {
  const program = join(ftCacheDir(process.env), "test", `kube-apiserver-${version}`);
  await withFileLock(`${program}.lock`, async () => {
    if (existsSync(program)) return;
    const folder = mkdtempSync(join(tmpdir(), "ft-build-"));
    const go = readFileSync(join(await goModule(`k8s.io/kubernetes@v${version}`), "go.mod"), "utf8")
      .replace(/^module .*$/m, "module ft.test/apiserver")
      .replaceAll(/ v0\.0\.0$/gm, ` ${staging}`)
      .replaceAll(/=> \.\/staging\/src\/(k8s\.io\/[\w-]+)/g, `=> $1 ${staging}`);
    writeFileSync(join(folder, "go.mod"), `${go}\nrequire k8s.io/kubernetes v${version}\n`);
    writeFileSync(join(folder, "main.go"), main);
    await execa("nice", ["go", "build", "-o", `${program}.making`, "."], { cwd: folder, env: { GOFLAGS: "-mod=mod" } });
    renameSync(`${program}.making`, program);
    rmSync(folder, { recursive: true, force: true });
  });
  return program;
}

/** Debian's, unpacked and not installed, where there is none. */
async function etcdProgram(): Promise<string> {
  if ((await execa("etcd", ["--version"], { reject: false })).exitCode === 0) return "etcd";
  const folder = join(ftCacheDir(process.env), "test", "etcd");
  await withFileLock(`${folder}.lock`, async () => {
    if (existsSync(folder)) return;
    const making = `${folder}.making`;
    mkdirSync(making, { recursive: true });
    await execa("apt-get", ["download", "etcd-server"], { cwd: making });
    await execa("sh", ["-c", "dpkg -x etcd-server*.deb ."], { cwd: making });
    renameSync(making, folder);
  });
  return join(folder, "usr/bin/etcd");
}

async function goModule(module: string): Promise<string> {
  const { stdout } = await execa("go", ["mod", "download", "-json", module], { cwd: homedir() });
  return (JSON.parse(stdout) as { Dir: string }).Dir;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
