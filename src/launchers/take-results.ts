// Takes over what a platform's own client brought into a folder beside the run: regular files alone, under the names that a run has.
import {
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { withFileLock } from "../file-lock.js";
import { takeIntoEvents } from "./log-events.js";

/** So much of a log is kept at home, its newest. */
const mostLogBytes = 16 << 20;

const books = ["spent.json", "supervisor.json"];

/** Brings home what `fetch` puts into a folder of its own. Several ft processes at once take turns: each would move the other's files away. */
export async function bringResults(
  home: string,
  fetch: (folder: string) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const folder = join(home, ".collect");
  await withFileLock(
    `${folder}.lock`,
    async () => {
      mkdirSync(folder, { recursive: true });
      await fetch(folder);
      await takeResults(folder, home);
      await rm(folder, { recursive: true, force: true });
    },
    { signal },
  );
}

/** Of `from`, into the home folder: out/, the books, events that home lacks, and the log. Repeating it changes nothing. */
async function takeResults(from: string, home: string): Promise<void> {
  for (const path of regularFiles(from)) {
    const file = join(from, path);
    if (path === "events.jsonl") await takeIntoEvents(join(home, path), { collected: readFileSync(file) });
    else if (path === "stdout.log") writeFileSync(join(home, path), lastBytes(file));
    else if (path.startsWith("out/") || books.includes(path)) place(file, home, path);
  }
}

/** Links are neither followed nor taken; a name with control characters or a backslash is no name of a run's file. */
function regularFiles(root: string): string[] {
  return (
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)))
      .filter((path) => !hasLink(root, dirname(path)))
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
      .filter((path) => !/[\u0000-\u001f\u007f\\]/.test(path))
  );
}

/** A link at home is not written through either. */
function place(file: string, home: string, path: string): void {
  if (hasLink(home, dirname(path))) return;
  mkdirSync(dirname(join(home, path)), { recursive: true });
  renameSync(file, join(home, path));
}

function hasLink(root: string, folder: string): boolean {
  if (folder === ".") return false;
  const path = join(root, folder);
  return hasLink(root, dirname(folder)) || (existsSync(path) && lstatSync(path).isSymbolicLink());
}

/** A log may be larger than what is read in one piece (2 GiB). */
function lastBytes(file: string): Uint8Array {
  const descriptor = openSync(file, "r");
  try {
    const { size } = fstatSync(descriptor);
    const bytes = new Uint8Array(Math.min(size, mostLogBytes));
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, size - bytes.length));
  } finally {
    closeSync(descriptor);
  }
}
