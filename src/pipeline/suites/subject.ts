// What is evaluated: an adapter version, or the base by itself; how the stored evaluations name it, and where its files are.
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { RegisteredAdapter } from "../../adapters/registry.js";
import type { Subject } from "../../eval/record.js";

/** The adapter as evaluations name it. */
export function adapterSubject(
  adapter: Pick<RegisteredAdapter, "name" | "version" | "base" | "templateSha256" | "files">,
): Subject {
  const { name, version, base, templateSha256, files } = adapter;
  const weights = files.filter(({ path }) => /\.(safetensors|bin)$/.test(path));
  const hash = createHash("sha256");
  for (const { path, sha256 } of weights.length > 0 ? weights : files) hash.update(`${path} ${sha256}\n`);
  return { name, version, base, templateSha256, weightsSha256: hash.digest("hex") };
}

/** Its base by itself, asked with the same template. */
export function baseSubject({ base, templateSha256 }: Pick<Subject, "base" | "templateSha256">): Subject {
  return { name: null, version: null, base, templateSha256, weightsSha256: null };
}

export function subjectLabel({ name, version }: Pick<Subject, "name" | "version">): string {
  return name === null ? "base" : `${name}@${version}`;
}

/** The same weights under another name answer alike. */
export function isSameSubject(a: Subject, b: Subject): boolean {
  const key = ({ base, templateSha256, weightsSha256 }: Subject) => [base, templateSha256, weightsSha256];
  return isDeepStrictEqual(key(a), key(b));
}
