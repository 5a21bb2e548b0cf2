// Which keys of an engine's config a rendering writes.
import { parse } from "yaml";
import type { Rendering } from "./contract.js";
import { isMap } from "./python-type.js";

/** Paths ("datasets.path") of every key in the engine's own YAML configs; accelerate's file is not the engine's. */
export function renderedKeys({ files }: Pick<Rendering, "files">): Set<string> {
  const configs = Object.entries(files).filter(([path]) => /\.ya?ml$/.test(path) && !path.endsWith("accelerate.yaml"));
  return new Set(configs.flatMap(([, content]) => keyPaths(parse(content))));
}

/** Keys of nested objects behind those of their parents; the objects of a list count as one. */
export function keyPaths(value: unknown, at = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => keyPaths(item, at));
  if (!isMap(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => [at + name, ...keyPaths(inner, `${at}${name}.`)]);
}
