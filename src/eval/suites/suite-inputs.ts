// What a suite asked, kept once for all evaluations of it: .ft/suites/<sha256>.jsonl. Reports show questions from it.
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ftDir } from "../../paths.js";

const inputSchema = z.object({
  item: z.string(),
  file: z.string(),
  line: z.int(),
  messages: z.array(z.object({ role: z.string(), content: z.string() })).optional(),
  reference: z.string().nullish(),
});
export type SuiteInput = z.output<typeof inputSchema>;

/** `lines`: as in the job folder. What is there stays. */
export async function keepInputs(projectDir: string, sha256: string, lines: () => string): Promise<void> {
  const file = inputsFile(projectDir, sha256);
  if (existsSync(file)) return;
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(`${file}.${process.pid}`, lines());
  await rename(`${file}.${process.pid}`, file);
}

/** Those asked for, by item; what is not there is left out. */
export function inputsOf(projectDir: string, sha256: string, items: readonly string[]): Map<string, SuiteInput> {
  const file = inputsFile(projectDir, sha256);
  const wanted = new Set(items);
  const found = new Map<string, SuiteInput>();
  if (wanted.size === 0 || !existsSync(file)) return found;
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const [, item] = /^\{"item":("(?:[^"\\]|\\.)*")/.exec(line) ?? [];
    if (item === undefined || !wanted.has(JSON.parse(item) as string)) continue;
    const input = inputSchema.safeParse(JSON.parse(line)).data;
    if (input) found.set(input.item, input);
  }
  return found;
}

function inputsFile(projectDir: string, sha256: string): string {
  return join(ftDir(projectDir), "suites", `${sha256}.jsonl`);
}
