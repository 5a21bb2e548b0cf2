// The configs and splits of a dataset repository and the files of each: as its README says, else by the names of its folders and files.
import picomatch from "picomatch";
import { parse } from "yaml";
import { isDataName } from "../sources/expand-path.js";
import { innerExtension } from "../sources/file-kind.js";

export interface RepositorySplits {
  /** Config -> split -> paths in the repository, sorted. Empty: nothing that ft reads. */
  configs: Map<string, Map<string, string[]>>;
  /** The config that is meant when none is named; null: there is no such. */
  standard: string | null;
}

/** @param readme the text of README.md, null when there is none */
export function repositorySplits(paths: readonly string[], readme: string | null): RepositorySplits {
  const files = dataFiles(paths);
  const declared = declaredConfigs(readme);
  if (declared.length === 0) return byFolders(files);
  const configs = new Map(
    declared
      .map((config) => [config.config_name, splitsOf(config, paths, files)] as const)
      .filter(([, splits]) => splits.size > 0),
  );
  const names = [...configs.keys()];
  const standard = declared.find((config) => config.default === true)?.config_name;
  return { configs, standard: standard ?? (names.includes("default") ? "default" : sole(names)) };
}

/** The Hub's own Parquet files of a dataset: config/split/0000.parquet. */
export function convertedSplits(paths: readonly string[]): RepositorySplits {
  const configs = new Map<string, Map<string, string[]>>();
  for (const path of [...paths].sort()) {
    const [config, split, ...rest] = path.split("/");
    if (rest.length !== 1 || !path.endsWith(".parquet")) continue;
    const splits = configs.get(config!) ?? new Map<string, string[]>();
    splits.set(split!, [...(splits.get(split!) ?? []), path]);
    configs.set(config!, splits);
  }
  const names = [...configs.keys()];
  return { configs, standard: names.includes("default") ? "default" : sole(names) };
}

/** Paths that match a file, folder or pattern. */
export function matchingFiles(paths: readonly string[], pattern: string): string[] {
  const isMatch = picomatch([pattern, `${pattern.replace(/\/+$/, "")}/*`]);
  const found = paths.filter((path) => isMatch(path));
  return (found.includes(pattern) ? [pattern] : found.filter((path) => isDataName(lastOf(path)))).sort();
}

function lastOf(path: string): string {
  return path.split("/").at(-1)!;
}

function sole(names: string[]): string | null {
  return names.length === 1 ? names[0]! : null;
}

/** Text counts where there is nothing else: it is mostly a licence. */
function dataFiles(paths: readonly string[]): string[] {
  const files = paths.filter((path) => {
    const segments = path.split("/");
    return isDataName(segments.at(-1)!) && !segments.some((each) => each.startsWith(".") || each.startsWith("__"));
  });
  const rows = files.filter((path) => innerExtension(path) !== ".txt");
  return (rows.length > 0 ? rows : files).sort();
}

/** `configs` of the README's front matter, as the `datasets` library reads it. */
interface DeclaredConfig {
  config_name: string;
  data_files?: unknown;
  data_dir?: unknown;
  default?: unknown;
}

function declaredConfigs(readme: string | null): DeclaredConfig[] {
  const [, frontMatter] = /^---\r?\n([\s\S]*?)\r?\n---/.exec(readme ?? "") ?? [];
  if (frontMatter === undefined) return [];
  try {
    const { configs } = (parse(frontMatter) ?? {}) as { configs?: unknown };
    if (!Array.isArray(configs)) return [];
    return configs
      .filter((config): config is Record<string, unknown> => typeof config === "object" && config !== null)
      .map((config) => ({ ...config, config_name: String(config.config_name ?? "default") }));
  } catch {
    return []; // a README that is no YAML says nothing
  }
}

function splitsOf(config: DeclaredConfig, paths: readonly string[], files: string[]): Map<string, string[]> {
  const dir = typeof config.data_dir === "string" ? config.data_dir.replace(/^\.\/|\/+$/g, "") : "";
  const prefix = dir === "" ? "" : `${dir}/`;
  const declared = declaredFiles(config.data_files);
  if (declared.length === 0) return splitsByName(files.filter((path) => path.startsWith(prefix)));
  const splits = new Map<string, string[]>();
  for (const { split, patterns } of declared) {
    const isMatch = picomatch(patterns.map((pattern) => prefix + pattern.replace(/^\.\//, "")));
    const found = paths.filter((path) => isMatch(path) && isDataName(lastOf(path))).sort();
    if (found.length > 0) splits.set(split, [...(splits.get(split) ?? []), ...found]);
  }
  return splits;
}

/** A pattern, a list of them, a map by split, or a list of {split, path}. */
function declaredFiles(value: unknown): { split: string; patterns: string[] }[] {
  if (value === undefined || value === null) return [];
  const texts = (each: unknown) => (Array.isArray(each) ? each : [each]).filter((text) => typeof text === "string");
  if (typeof value === "string") return [{ split: "train", patterns: [value] }];
  if (!Array.isArray(value))
    return Object.entries(value as object).map(([split, each]) => ({ split, patterns: texts(each) }));
  const plain = texts(value);
  const named = value.filter((each): each is { split?: unknown; path?: unknown } => typeof each === "object" && !!each);
  return [
    ...(plain.length > 0 ? [{ split: "train", patterns: plain }] : []),
    ...named.map(({ split, path }) => ({ split: String(split ?? "train"), patterns: texts(path) })),
  ];
}

/** Without a README's word: folders at the top that each hold splits are configs; else there is one, "default". */
function byFolders(files: string[]): RepositorySplits {
  const tops = new Set(files.map((path) => (path.includes("/") ? path.split("/")[0]! : "")));
  const areConfigs = tops.size > 1 && [...tops].every((top) => top !== "" && top !== "data" && !splitWord([top]));
  if (!areConfigs) {
    const splits = splitsByName(files);
    return { configs: new Map(files.length > 0 ? [["default", splits]] : []), standard: "default" };
  }
  const configs = new Map<string, Map<string, string[]>>();
  for (const top of tops) configs.set(top, splitsByName(files.filter((path) => path.startsWith(`${top}/`))));
  return { configs, standard: tops.has("default") ? "default" : null };
}

const splitWords: Readonly<Record<string, string>> = {
  train: "train",
  training: "train",
  validation: "validation",
  valid: "validation",
  val: "validation",
  dev: "validation",
  test: "test",
  testing: "test",
  eval: "test",
  evaluation: "test",
};

/** By shards (data/name-00000-of-00003), else by a word of the file's name, else of its folders; without any word all is train. */
function splitsByName(files: string[]): Map<string, string[]> {
  const splits = new Map<string, string[]>();
  for (const path of files) {
    const segments = path.split("/");
    const [, shard] = /^(\w[\w.-]*?)-\d{5}-of-\d{5}/.exec(segments.at(-1)!) ?? [];
    const split = (shard && (splitWord([shard]) ?? shard)) ?? splitWord([segments.at(-1)!]) ?? splitWord(segments);
    if (split) splits.set(split, [...(splits.get(split) ?? []), path]);
  }
  return splits.size > 0 || files.length === 0 ? splits : new Map([["train", files]]);
}

function splitWord(names: string[]): string | null {
  for (const name of names)
    for (const word of name.toLowerCase().split(/[-._ 0-9]+/))
      if (Object.hasOwn(splitWords, word)) return splitWords[word]!;
  return null;
}
