// Starting ft is cheap: --version and --help load nothing heavy. Times are held in bench/, not here.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { packageRoot } from "../src/paths.js";

const heavy = [
  "ink",
  "react",
  "yaml",
  "zod",
  "better-sqlite3",
  "execa",
  "@huggingface",
  "parquet-wasm",
  "apache-arrow",
  "csv-parse",
];

it.each([["--version"], ["--help"], ["help"]])("`ft %s` loads none of the heavy packages", (flag) => {
  const loaded = modulesLoadedBy([flag]);
  expect(loaded.length).toBeGreaterThan(0);
  expect(loaded.filter((url) => heavy.some((name) => url.includes(`/node_modules/${name}/`)))).toEqual([]);
});

/** URLs of all scripts that one run of the built binary loads, from V8's own coverage report. */
function modulesLoadedBy(args: string[]): string[] {
  const dir = mkdtempSync(join(tmpdir(), "ft-coverage-"));
  execFileSync(process.execPath, [join(packageRoot, "dist/cli/main.js"), ...args], {
    env: { PATH: process.env.PATH, NODE_V8_COVERAGE: dir },
  });
  return readdirSync(dir).flatMap((name) => {
    const report = JSON.parse(readFileSync(join(dir, name), "utf8")) as { result: { url: string }[] };
    return report.result.map((script) => script.url);
  });
}
