// The baseline: findings that are known and accepted, by fingerprint, in a file that is committed beside the recipe.
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { FtError } from "../errors.js";
import type { Finding } from "./canonical.js";
import type { KnownFindings } from "./collect-findings.js";

const schema = z.strictObject({
  version: z.literal(1),
  findings: z.array(
    z.strictObject({
      rule: z.string(),
      fingerprint: z.string().regex(/^[0-9a-f]{16}$/),
      count: z.int().positive(),
      /** For people: the first of them. */
      file: z.string(),
      message: z.string(),
    }),
  ),
});

/**
 * @param name how the person called it
 * @throws FtError data.no-baseline, data.bad-baseline (exit usage)
 */
export async function readBaseline(path: string, name: string): Promise<KnownFindings> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new FtError({
      code: "data.no-baseline",
      exit: "usage",
      message: `the baseline ${name} cannot be read`,
      why: error.message,
      next: "`ft data check --baseline <file> --write-baseline` makes one of the findings of today",
      cause: error,
    });
  });
  const parsed = schema.safeParse(tryParse(text));
  if (!parsed.success) {
    throw new FtError({
      code: "data.bad-baseline",
      exit: "usage",
      message: `${name} is no baseline of ft's`,
      why: z.prettifyError(parsed.error).split("\n")[0],
      next: "`ft data check --baseline <file> --write-baseline` makes it anew",
    });
  }
  return new Map(parsed.data.findings.map(({ fingerprint, count }) => [fingerprint, count]));
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The file's text: sorted, one finding a line, so that it diffs and merges. */
export function baselineOf(findings: readonly Finding[]): string {
  const entries = new Map<string, z.output<typeof schema>["findings"][number]>();
  for (const { rule, fingerprint, file, message } of findings) {
    const same = entries.get(fingerprint);
    if (same) same.count += 1;
    else entries.set(fingerprint, { rule, fingerprint, count: 1, file, message });
  }
  const sorted = [...entries.values()].sort((a, b) => (a.rule + a.fingerprint < b.rule + b.fingerprint ? -1 : 1));
  const lines = sorted.map((entry) => `    ${JSON.stringify(entry)}`).join(",\n");
  return `{\n  "version": 1,\n  "findings": [\n${lines}\n  ]\n}\n`;
}
