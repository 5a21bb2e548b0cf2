// Where the report of a check goes: text or JSON on stdout, or SARIF and JUnit; files beside it; the baseline.
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { baselineOf } from "../../dataset/baseline.js";
import type { CheckInput, CheckReport } from "../../dataset/check-dataset.js";
import { FtError } from "../../errors.js";
import { ftVersion } from "../../pipeline/lock-entry.js";
import { type Io, writeJson } from "../io.js";
import { checkJunit } from "./check-junit.js";
import { checkSarif } from "./check-sarif.js";
import { checkText } from "./check-text.js";
import { filesRead, type ReportFile, refuseReports } from "./report-file.js";

export interface PresentFlags {
  json?: boolean;
  /** True: in place of the text. */
  sarif?: string | true;
  junit?: string | true;
  baseline?: string;
  writeBaseline?: boolean;
}

/** Before the rows are read. @throws FtError usage.baseline, usage.outputs, usage.exists, usage.in-place, usage.same-output */
export async function refuseOutputs(io: Io, input: CheckInput, flags: PresentFlags): Promise<void> {
  const onStdout = [flags.json, flags.sarif === true, flags.junit === true].filter(Boolean).length;
  if (onStdout > 1) throw twoOutputs();
  const reports: ReportFile[] = [
    { kind: "sarif", flag: "--sarif", file: flags.sarif },
    { kind: "junit", flag: "--junit", file: flags.junit },
    { kind: "baseline", flag: "--baseline", file: flags.writeBaseline ? baselineFile(flags) : undefined },
  ];
  await refuseReports(io, reports, filesRead(input));
}

/** @throws FtError data.unwritable */
export async function presentCheck(io: Io, report: CheckReport, flags: PresentFlags): Promise<void> {
  if (flags.writeBaseline) await writeText(io, baselineFile(flags), baselineOf(report.findings));
  const sarif = () => `${JSON.stringify(checkSarif(report.findings, ftVersion()), null, 2)}\n`;
  if (typeof flags.sarif === "string") await writeText(io, flags.sarif, sarif());
  if (typeof flags.junit === "string") await writeText(io, flags.junit, checkJunit(report));
  const { isTTY, columns } = io.out;
  if (flags.json) writeJson(io, report);
  else if (flags.sarif === true) io.out.write(sarif());
  else if (flags.junit === true) io.out.write(checkJunit(report));
  else io.out.write(checkText(report, { color: isTTY && !io.env.NO_COLOR, width: isTTY ? columns : Infinity }));
  if (flags.writeBaseline) {
    io.err.write(
      `${flags.baseline} holds ${report.findings.length} findings; commit it, and check with --baseline ${flags.baseline}\n`,
    );
  }
}

function baselineFile({ baseline }: PresentFlags): string {
  if (baseline !== undefined) return baseline;
  throw new FtError({
    code: "usage.baseline",
    exit: "usage",
    message: "--write-baseline needs the name of the file",
    next: "give --baseline <file> too",
  });
}

function twoOutputs(): FtError {
  return new FtError({
    code: "usage.outputs",
    exit: "usage",
    message: "--json, --sarif and --junit would all print to stdout",
    next: "name files for --sarif and --junit: --sarif findings.sarif",
  });
}

async function writeText(io: Io, file: string, text: string): Promise<void> {
  await writeFile(resolve(io.cwd, file), text).catch((error: NodeJS.ErrnoException) => {
    throw new FtError({
      code: "data.unwritable",
      exit: "environment",
      message: `${file} cannot be written`,
      why: error.message,
      next: "name another file",
      cause: error,
    });
  });
}
