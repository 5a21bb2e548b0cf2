// Which keys of an engine's config a rendering writes.
import { parse } from "yaml";
import type { Rendering } from "./contract.js";
import { isMap } from "./python-type.js";

/** Paths ("datasets.path") of every key in the engine's own configs; accelerate's file is not the engine's. */
export function renderedKeys({ files }: Pick<Rendering, "files">): Set<string> {
  const paths = Object.entries(files).flatMap(([path, content]) => {
    if (path.endsWith(".py")) return argumentPaths(content);
    return /\.ya?ml$/.test(path) && !path.endsWith("accelerate.yaml") ? keyPaths(parse(content)) : [];
  });
  return new Set(paths);
}

/** Unsloth's script holds the arguments of its calls in dicts at the top; engine.overrides names the calls. */
const calls: Record<string, string> = { MODEL: "from_pretrained", ADAPTER: "get_peft_model", TRAINING: "training" };

function argumentPaths(script: string): string[] {
  return [...script.matchAll(/^([A-Z]+) = \{\n(.*?)^\}/gms)].flatMap(([, dict, body]) => {
    const call = calls[dict!];
    return call ? [call, ...[...body!.matchAll(/^ {4}"(\w+)":/gm)].map(([, key]) => `${call}.${key}`)] : [];
  });
}

/** Keys of nested objects behind those of their parents; the objects of a list count as one. */
export function keyPaths(value: unknown, at = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => keyPaths(item, at));
  if (!isMap(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => [at + name, ...keyPaths(inner, `${at}${name}.`)]);
}
