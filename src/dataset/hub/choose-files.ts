// Which files of a dataset repository an address means. What it leaves open must have one answer, else the answers are listed.
import { FtError } from "../../errors.js";
import { nearest } from "../../nearest.js";
import { innerExtension } from "../sources/file-kind.js";
import type { HubAddress } from "./address.js";
import type { RepositorySplits } from "./repository-splits.js";

/** @throws FtError data.hub-config, data.hub-split, data.several-kinds, data.hub-files (exit data) */
export function chooseFiles(address: HubAddress, { configs, standard }: RepositorySplits): string[] {
  if (configs.size === 0) throw noFiles(address);
  const config = address.config ?? standard;
  const names = [...configs.keys()];
  const splits = config === null ? undefined : configs.get(config);
  if (!splits) throw whichConfig(address, names);
  const split = address.split ?? (splits.has("train") ? "train" : splits.size === 1 ? [...splits.keys()][0]! : null);
  const files = split === null ? undefined : splits.get(split);
  if (!files) throw whichSplit(address, [...splits.keys()]);
  const kinds = [...new Set(files.map(innerExtension))];
  if (kinds.length > 1) throw severalKinds(address, kinds, files);
  return files;
}

/** Of a dataset that is split into numbered parts some are not there. */
export function missingShards(files: readonly string[]): string[] {
  const found = new Set(files);
  return files.flatMap((file) => {
    const [whole, digits, of] = /-(\d{5})-of-(\d{5})/.exec(file) ?? [];
    if (whole === undefined || Number(digits) !== 0) return [];
    const names = Array.from({ length: Number(of) }, (_, shard) =>
      file.replace(whole, `-${String(shard).padStart(5, "0")}-of-${of}`),
    );
    return names.filter((name) => !found.has(name));
  });
}

function whichConfig({ id, config, text }: HubAddress, names: string[]): FtError {
  const meant = config === null ? null : nearest(config, names);
  return new FtError({
    code: "data.hub-config",
    exit: "data",
    message: config === null ? `${id} has several configs` : `${id} has no config ${config}`,
    where: { file: text },
    why: `its configs: ${names.join(", ")}`,
    next: meant
      ? `did you mean config=${meant}?`
      : `name one: hf://datasets/${id}?config=${encodeURIComponent(names[0]!)}`,
  });
}

function whichSplit({ id, split, config, text }: HubAddress, names: string[]): FtError {
  const meant = split === null ? null : nearest(split, names);
  const options = `${config === null ? "" : `config=${encodeURIComponent(config)}&`}split=`;
  return new FtError({
    code: "data.hub-split",
    exit: "data",
    message: split === null ? `${id} has no split train, and several others` : `${id} has no split ${split}`,
    where: { file: text },
    why: `its splits: ${names.join(", ")}`,
    next: meant
      ? `did you mean split=${meant}?`
      : `name one: hf://datasets/${id}?${options}${encodeURIComponent(names[0]!)}`,
  });
}

function severalKinds({ id, text }: HubAddress, kinds: string[], files: string[]): FtError {
  return new FtError({
    code: "data.several-kinds",
    exit: "data",
    message: `${id} holds several kinds of data files: ${kinds.join(", ")}`,
    where: { file: text },
    why: `among them ${files.slice(0, 5).join(", ")}`,
    next: `name the files: hf://datasets/${id}/<path or pattern>`,
  });
}

/** `paths`: what is there, when a path was asked for. */
export function noFiles({ id, path, text }: HubAddress, paths: readonly string[] = []): FtError {
  const meant = path === null ? null : nearest(path, paths);
  return new FtError({
    code: "data.hub-files",
    exit: "data",
    message: path === null ? `${id} holds no data files that ft reads` : `${id} has no data file ${path}`,
    where: { file: text },
    ...(path === null && { why: "neither it nor the Hub's own Parquet branch of it" }),
    next: meant ? `did you mean ${meant}?` : "choose another dataset or revision, or write its rows into a file",
  });
}
