// Takes over what a platform's own client brought into a folder beside the run: regular files alone, under the names that a run has.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { takeIntoEvents } from "./log-events.js";

/** So much of a log is kept at home, its newest. */
const mostLogBytes = 16 << 20;

const books = ["spent.json", "supervisor.json"];

/** Of `from`, into the home folder: out/, the books, events that home lacks, and the log. Repeating it changes nothing. */
export async function takeResults(from: string, home: string): Promise<void> {
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

function lastBytes(file: string): Uint8Array {
  const content = readFileSync(file);
  return content.subarray(Math.max(0, statSync(file).size - mostLogBytes));
}
