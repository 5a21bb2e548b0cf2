// The source of engines that cannot be installed here, unpacked from PyPI once, and a small Python that can read their schemas.
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { findUv } from "../src/engines/env/uv.js";
import { withFileLock } from "../src/file-lock.js";
import { ftCacheDir } from "../src/paths.js";

/** Unpacked, never imported with their own dependencies: axolotl's schemas run on `light`, Unsloth's source is only read. */
const packages: Record<string, string[]> = {
  "axolotl-0.21.0": ["axolotl==0.21.0"],
  "axolotl-0.19.0": ["axolotl==0.19.0"],
  "unsloth-2026.10.7": [
    "unsloth==2026.10.7",
    "unsloth-zoo==2026.10.7",
    "trl==1.15.0",
    "transformers==5.17.0",
    "peft==0.21.2",
  ],
};

const light = ["pydantic==2.14.3", "pyyaml==6.0.3", "annotated-types==0.8.0", "packaging==26.3", "addict==2.4.0"];

export interface EnginePackages {
  /** Where the packages lie, as site-packages does. */
  folder: string;
  /** A Python with pydantic, and without anything heavy. */
  python: string;
}

/** Made once, in ft's cache; many test files may ask at the same time. */
export async function enginePackages(engine: string, version: string): Promise<EnginePackages> {
  const name = `${engine}-${version}`;
  const folder = await made(`packages-${name}`, (dir) =>
    uv(["pip", "install", "--no-deps", "--no-config", "--python-version", "3.12", "--target", dir, ...packages[name]!]),
  );
  const venv = await made("light-python", async (dir) => {
    await uv(["venv", "--no-project", dir]);
    await uv(["pip", "install", "--python", join(dir, "bin/python"), ...light]);
  });
  return { folder, python: join(venv, "bin/python") };
}

/** A package of PyPI by itself, without what it depends on: where it is unpacked. */
export async function pypiPackage(name: string, version: string): Promise<string> {
  return made(`pypi-${name}-${version}`, (dir) =>
    uv(["pip", "install", "--no-deps", "--no-config", "--target", dir, `${name}==${version}`]),
  );
}

/** The reference of the OpenSSF model-signing format, as a program. */
export async function modelSigning(): Promise<string> {
  const venv = await made("model-signing-1.1.1", async (dir) => {
    await uv(["venv", "--no-project", dir]);
    await uv(["pip", "install", "--python", join(dir, "bin/python"), "model-signing==1.1.1", "pyopenssl==26.4.0"]);
  });
  return join(venv, "bin/model_signing");
}

/** The folder of chat templates that llama.cpp tests with, out of the source package of llama-cpp-python (77 MB, fetched once). */
export async function llamaCppTemplates(): Promise<string> {
  return made("llama-cpp-python-0.3.36-templates", async (dir) => {
    mkdirSync(dir, { recursive: true });
    const pip = ["tool", "run", "--with", "scikit-build-core==1.1.2", "pip@26.3"];
    const download = [
      "download",
      "--quiet",
      "--no-deps",
      "--no-build-isolation",
      "--no-binary",
      ":all:",
      "--dest",
      dir,
    ];
    await uv([...pip, ...download, "llama-cpp-python==0.3.36"]);
    const archive = join(dir, "llama_cpp_python-0.3.36.tar.gz");
    await execa(process.env.FT_TEST_PYTHON as string, ["-c", unpackTemplates, archive, dir]);
    rmSync(archive);
  });
}

const unpackTemplates = `
import pathlib, sys, tarfile
with tarfile.open(sys.argv[1]) as archive:
    for member in archive:
        if "/models/templates/" in member.name and member.name.endswith(".jinja"):
            pathlib.Path(sys.argv[2], pathlib.Path(member.name).name).write_bytes(archive.extractfile(member).read())
`;

/** A folder below ft's cache, made once; test files that ask at the same time wait. */
export async function made(name: string, make: (dir: string) => Promise<unknown>): Promise<string> {
  const dir = join(ftCacheDir(process.env), "test", name);
  mkdirSync(dirname(dir), { recursive: true });
  await withFileLock(`${dir}.lock`, async () => {
    if (existsSync(join(dir, "ready"))) return;
    rmSync(dir, { recursive: true, force: true });
    await make(dir);
    mkdirSync(join(dir, "ready"));
  });
  return dir;
}

export async function uv(args: string[]): Promise<void> {
  await execa(await findUv({ env: process.env, onProgress: () => {} }), args);
}
