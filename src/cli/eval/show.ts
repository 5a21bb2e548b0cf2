// `ft eval show`: what is stored, or all about one subject's evaluations.
import { indexEvaluations, listEvaluations, unscoredItems } from "../../eval/record-store.js";
import { resultsOf } from "../../eval/stored-results.js";
import { inputsOf } from "../../eval/suites/suite-inputs.js";
import { subjectLabel } from "../../pipeline/suites/subject.js";
import { presentReport } from "../data/present-report.js";
import { refuseReports } from "../data/report-file.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import type { ShownEvaluation } from "../views/evaluation.js";
import { evaluationsOf } from "./evaluations-of.js";
import { withEvaluations } from "./with-evaluations.js";

export interface ShowFlags {
  suite?: string[];
  html?: string;
  markdown?: boolean;
  json?: boolean;
}

/** `asked`: as evaluationsOf takes it; none: a list of all. */
export async function showCommand({ io }: CommandContext, asked: string | undefined, flags: ShowFlags): Promise<void> {
  await refuseReports(io, [{ kind: "html", flag: "--html", file: flags.html }], []);
  await withEvaluations(io, async (store) => {
    for (const problem of indexEvaluations(store, io.cwd, { anew: false }).problems) io.err.write(`note: ${problem}\n`);
    const all = listEvaluations(store).filter(({ suite }) => !flags.suite || flags.suite.includes(suite.name));
    const wanted = asked === undefined ? all : evaluationsOf(io.cwd, all, asked);
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
