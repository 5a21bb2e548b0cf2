// A path in `data.train` or on the command line as the files it stands for: itself, a folder's data files, or what a pattern matches.
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { FtError } from "../../errors.js";
import { nearest } from "../../nearest.js";
import { dataExtensions, innerExtension } from "./file-kind.js";
import { missingError } from "./open-data-file.js";

/**
 * Names relative to `dir` where `path` is, sorted; hidden files are left out, and a file that is reached by two ways is taken once.
 * @throws FtError data.missing, data.no-match, data.several-kinds
 */
export async function expandPath(path: string, dir: string): Promise<string[]> {
  const found = await stat(resolve(dir, path)).catch(() => null);
  if (found?.isDirectory()) return folderFiles(path, dir);
  if (found) return [path];
  if (!isPattern(path)) throw missingError(path, await nearName(path, dir));
  const names = await matches(path, dir);
  if (names.length === 0) throw await noMatch(path, dir);
  return names;
}

function isPattern(path: string): boolean {
  return /[*?[\]{}]|!\(/.test(path);
}

async function matches(pattern: string, dir: string): Promise<string[]> {
  const { glob } = await import("tinyglobby");
  const names = await glob(pattern, { cwd: dir, onlyFiles: true, expandDirectories: false });
  return onceEach(names.sort(byCode), dir);
}

/** One level. What Hugging Face's tools keep beside the rows is none of them, and text only where there is nothing else. */
async function folderFiles(path: string, dir: string): Promise<string[]> {
  const names = (await readdir(resolve(dir, path))).filter(isDataName).sort(byCode);
  const files = await onceEach(
    names.map((name) => join(path, name)),
    dir,
  );
  const rows = files.filter((file) => innerExtension(file) !== ".txt");
  const chosen = rows.length > 0 ? rows : files;
  const kinds = [...new Set(chosen.map(innerExtension))];
  if (chosen.length === 0) throw noData(path, await readdir(resolve(dir, path), { withFileTypes: true }));
  if (kinds.length > 1) throw severalKinds(path, kinds);
  return chosen;
}

const metadataNames = /^(dataset_infos?|dataset_dict|state|config|package|tokenizer.*)\.json$/;

export function isDataName(name: string): boolean {
  return !name.startsWith(".") && dataExtensions.includes(innerExtension(name)) && !metadataNames.test(name);
}

/** Regular files only: a pipe or device would wait for ever. */
async function onceEach(names: string[], dir: string): Promise<string[]> {
  const seen = new Set<string>();
  const kept: string[] = [];
  for (const name of names) {
    const file = resolve(dir, name);
    if (!(await stat(file).catch(() => null))?.isFile()) continue;
    const real = await realpath(file);
    if (!seen.has(real)) kept.push(name);
    seen.add(real);
  }
  return kept;
}

/** Not by the machine's language: the same order everywhere. */
function byCode(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** What stands in the same folder under a like name. */
async function nearName(path: string, dir: string): Promise<string | null> {
  const folder = dirname(path);
  const names = await readdir(resolve(dir, folder)).catch(() => []);
  const near = nearest(basename(path), names);
  // An ending that both have makes no two names alike.
  const isAlike = near !== null && nearest(stem(basename(path)), [stem(near)]) !== null;
  return isAlike ? join(folder, near) : null;
}

function stem(name: string): string {
  return name.replace(/(?<=.)\..*$/, "");
}

async function noMatch(pattern: string, dir: string): Promise<FtError> {
  const folder = dirname(pattern);
  const names = isPattern(folder) ? [] : await readdir(resolve(dir, folder)).catch(() => []);
  const there = names.filter(isDataName).slice(0, 5);
  const meant = nearest(basename(pattern).replaceAll("*", ""), there);
  return new FtError({
    code: "data.no-match",
    exit: "data",
    message: `no file matches ${pattern}`,
    where: { file: pattern },
    ...(there.length > 0 && { why: `${folder === "." ? "here" : folder} holds ${there.join(", ")}` }),
    next: meant
      ? `did you mean ${join(folder, meant)}?`
      : "check the pattern: * stands for a part of a name, ** for folders",
  });
}

function noData(path: string, entries: { name: string; isDirectory(): boolean }[]): FtError {
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
  return new FtError({
    code: "data.no-match",
    exit: "data",
    message: `the folder ${path} holds no data files`,
    where: { file: path },
    why: `ft reads ${dataExtensions.join(", ")}, also as .gz and .zst`,
    next:
      folders.length > 0
        ? `name a folder inside it, or all of them: ${join(path, "**", "*.jsonl")}`
        : "put the data files into it, or name another folder",
  });
}

function severalKinds(path: string, kinds: string[]): FtError {
  return new FtError({
    code: "data.several-kinds",
    exit: "data",
    message: `the folder ${path} holds several kinds of data files: ${kinds.join(", ")}`,
    where: { file: path },
    next: `say which: ${kinds.map((kind) => join(path, `*${kind}`)).join(" or ")}`,
  });
}
