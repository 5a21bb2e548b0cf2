// `ft eval show`: what is stored, or all about one subject's evaluations.

import { FtError } from "../../errors.js";
import type { EvaluationManifest } from "../../eval/record.js";
import { indexEvaluations, listEvaluations, unscoredItems } from "../../eval/record-store.js";
import { inputsOf } from "../../eval/suites/suite-inputs.js";
import { subjectLabel } from "../../pipeline/suites/subject.js";
import { presentReport } from "../data/present-report.js";
import { refuseReports } from "../data/report-file.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import type { ShownEvaluation } from "../views/evaluation.js";
import { resultsOf } from "./results.js";
import { withEvaluations } from "./with-evaluations.js";

export interface ShowFlags {
  suite?: string[];
  html?: string;
  markdown?: boolean;
  json?: boolean;
}

/** `asked`: base, name@version, a line (its newest version that was evaluated), or an evaluation's id; none: a list of all. */
export async function showCommand({ io }: CommandContext, asked: string | undefined, flags: ShowFlags): Promise<void> {
  await refuseReports(io, [{ kind: "html", flag: "--html", file: flags.html }], []);
  await withEvaluations(io, async (store) => {
    for (const problem of indexEvaluations(store, io.cwd, { anew: false }).problems) io.err.write(`note: ${problem}\n`);
    const all = listEvaluations(store).filter(({ suite }) => !flags.suite || flags.suite.includes(suite.name));
    const wanted = asked === undefined ? all : chosen(all, asked);
    const shown = wanted.map((manifest): ShownEvaluation => {
      const failed = asked === undefined ? [] : unscoredItems(store, manifest.id);
      const inputs = inputsOf(
        io.cwd,
        manifest.suite.sha256,
        failed.map(({ item }) => item),
      );
      return {
        ...{ manifest, label: subjectLabel(manifest.subject), results: resultsOf(store, manifest) },
        failed: failed.map(({ item, error }) => ({ item, error, input: inputs.get(item) ?? null })),
      };
    });
    if (flags.json) writeJson(io, { ok: true, evaluations: shown });
    const { evaluationReport, listReport } = await import("../views/evaluation.js");
    await presentReport(io, asked === undefined ? listReport(shown) : evaluationReport(asked, shown), flags);
  });
}

/** Of each suite the newest. */
function chosen(all: EvaluationManifest[], asked: string): EvaluationManifest[] {
  const byId = all.filter(({ id }) => id === asked);
  if (byId.length > 0) return byId;
  const newest = all.find(({ subject }) => subject.name === asked)?.subject;
  const label = newest ? subjectLabel(newest) : asked;
  const own = all.filter(({ subject }) => subjectLabel(subject) === label);
  const found = own.filter(({ suite }, index) => own.findIndex((one) => one.suite.name === suite.name) === index);
  if (found.length > 0) return found;
  const known = [...new Set(all.map(({ subject }) => subjectLabel(subject)))];
  throw new FtError({
    code: "eval.nothing-stored",
    exit: "usage",
    message: `no evaluation of ${asked} is stored here`,
    ...(known.length > 0 && { why: `there are evaluations of: ${known.slice(0, 8).join(", ")}` }),
    next: `evaluate it: ft eval run ${asked}`,
  });
}
