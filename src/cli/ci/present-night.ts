// The night's one report, wherever it is wanted: stdout, page, JUnit, Markdown for a CI server's summary, annotations.
import { appendFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Night } from "../../pipeline/ci/night.js";
import { reportMarkdown } from "../../report/to-markdown.js";
import type { CiFlags } from "../ci.js";
import { presentReport } from "../data/present-report.js";
import { type Io, writeJson } from "../io.js";
import { nightReport } from "../views/night-report.js";
import { writeOutput } from "../write-output.js";
import { annotations } from "./annotations.js";
import { nightJson } from "./night-json.js";
import { nightJunit } from "./night-junit.js";

/** Of a night that failed nothing is printed on stdout: with --json the failure is, with what the night knows. Throws FtError usage.output. */
export async function presentNight(io: Io, night: Night, flags: CiFlags): Promise<void> {
  const report = nightReport(night);
  const markdown = reportMarkdown(report);
  if (flags.junit !== undefined) await writeOutput(io, "--junit", flags.junit, nightJunit(night));
  if (flags.summary !== undefined && !isStepSummary(io, flags.summary))
    await writeOutput(io, "--summary", flags.summary, markdown);
  const githubSummary = io.env.GITHUB_STEP_SUMMARY;
  if (githubSummary)
    await appendFile(githubSummary, `${markdown}\n`).catch((error: Error) => {
      io.err.write(`note: the step summary could not be written: ${error.message}\n`);
    });
  if (io.env.GITHUB_ACTIONS === "true") for (const line of annotations(night)) io.err.write(`${line}\n`);
  const isFailed = night.outcome === "failed";
  if (flags.json && !isFailed) writeJson(io, nightJson(night));
  await presentReport(io, report, {
    json: (flags.json ?? false) || isFailed,
    ...(flags.html !== undefined && { html: flags.html }),
    ...(flags.markdown && { markdown: true }),
  });
}

/** GitHub's own: there the report comes after what others wrote. */
export function isStepSummary({ cwd, env }: Pick<Io, "cwd" | "env">, file: string | undefined): boolean {
  return file !== undefined && resolve(cwd, file) === env.GITHUB_STEP_SUMMARY;
}
