// Kubernetes' own schemas (of the pinned version, and JobSet's) and kubeconform to hold manifests against them: all from the Go module proxy, made once.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { parse } from "yaml";
import { withFileLock } from "../../src/file-lock.js";
import { ftCacheDir } from "../../src/paths.js";

const kubernetes = "k8s.io/kubernetes@v1.34.4";
const jobset = "sigs.k8s.io/jobset@v0.10.1";
const kubeconform = "github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0";

export interface Kubeconform {
  /** What is wrong with the manifests; empty: nothing. Unknown keys are wrong too. */
  check(manifests: object[]): Promise<string[]>;
}

/** Null, and said on stderr, where there is no Go to get them with. */
export async function startKubeconform(): Promise<Kubeconform | null> {
  if ((await execa("go", ["version"], { reject: false })).failed) {
    process.stderr.write(
      "SKIPPED: manifests are not held against Kubernetes' schemas, as there is no `go` here to get kubeconform with\n",
    );
    return null;
  }
  const dir = join(ftCacheDir(process.env), "test", "kubernetes-1.34.4");
  await withFileLock(`${dir}.lock`, async () => {
    if (!existsSync(dir)) await make(dir);
  });
  return { check: (manifests) => check(dir, manifests) };
}

async function make(dir: string): Promise<void> {
  const making = `${dir}.making`;
  mkdirSync(making, { recursive: true });
  await execa("go", ["install", kubeconform], { env: { GOBIN: making } });
  const swagger = JSON.parse(readFileSync(join(await goModule(kubernetes), "api/openapi-spec/swagger.json"), "utf8"));
  for (const [kind, type] of Object.entries({ Job: "batch.v1.Job", Secret: "core.v1.Secret", Pod: "core.v1.Pod" })) {
    const definitions = Object.fromEntries(
      Object.entries(swagger.definitions as Record<string, Schema>).map(([name, schema]) => [name, strict(schema)]),
    );
    const schema = { $ref: `#/definitions/io.k8s.api.${type}`, definitions };
    writeFileSync(join(making, `${kind.toLowerCase()}.json`), JSON.stringify(schema));
  }
  const crd = join(await goModule(jobset), "config/components/crd/bases/jobset.x-k8s.io_jobsets.yaml");
  const { versions } = parse(readFileSync(crd, "utf8")).spec as {
    versions: { schema: { openAPIV3Schema: Schema } }[];
  };
  writeFileSync(join(making, "jobset.json"), JSON.stringify(strict(versions[0]!.schema.openAPIV3Schema)));
  renameSync(making, dir);
}

async function goModule(module: string): Promise<string> {
  // Outside any Go module, as this repository is none.
  const { stdout } = await execa("go", ["mod", "download", "-json", module], { cwd: homedir() });
  return (JSON.parse(stdout) as { Dir: string }).Dir;
}

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
  "x-kubernetes-preserve-unknown-fields"?: boolean;
}

/** As published, with unknown keys refused wherever keys are named. */
function strict(schema: Schema): Schema {
  const { properties, items, additionalProperties } = schema;
  const open = schema["x-kubernetes-preserve-unknown-fields"] || additionalProperties !== undefined;
  return {
    ...schema,
    ...(items && { items: strict(items) }),
    ...(typeof additionalProperties === "object" && { additionalProperties: strict(additionalProperties) }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, strict(value)])),
      ...(open ? {} : { additionalProperties: false }),
    }),
  };
}

async function check(dir: string, manifests: object[]): Promise<string[]> {
  const { stdout } = await execa(
    join(dir, "kubeconform"),
    ["-output", "json", "-schema-location", join(dir, "{{.ResourceKind}}.json"), "-"],
    { input: manifests.map((manifest) => JSON.stringify(manifest)).join("\n---\n"), reject: false },
  );
  const { resources = [] } = JSON.parse(stdout) as { resources?: { status: string; name: string; msg: string }[] };
  return resources
    .filter(({ status }) => status !== "statusValid")
    .map(({ name, status, msg }) => `${name}: ${status} ${msg}`);
}
