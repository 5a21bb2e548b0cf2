// What a version's card says of suites: the newest evaluation of each, beside the base's on the very same items where there is one.
import type { SuiteScore } from "../../adapters/model-card.js";
import type { RegisteredAdapter } from "../../adapters/registry.js";
import { heldOutSuite } from "../../eval/held-out-records.js";
import { indexEvaluations, listEvaluations } from "../../eval/record-store.js";
import { resultsOf } from "../../eval/stored-results.js";
import { openProject } from "../open-project.js";
import { adapterSubject, baseSubject, isSameSubject } from "./subject.js";

/** The held-out rows are not among them: its run's comparison has them. */
export async function suiteScores(projectDir: string, adapter: RegisteredAdapter): Promise<SuiteScore[]> {
  const store = await openProject(projectDir);
  try {
    indexEvaluations(store, projectDir, { anew: false });
    const subject = adapterSubject(adapter);
    const all = listEvaluations(store).filter(({ suite }) => suite.name !== heldOutSuite);
    const own = all.filter((one) => isSameSubject(one.subject, subject));
    const newest = own.filter((one, at) => own.findIndex(({ suite }) => suite.name === one.suite.name) === at);
    return newest.reverse().flatMap((manifest) => {
      const { name: suite, sha256 } = manifest.suite;
      const base = all.find((one) => one.suite.sha256 === sha256 && isSameSubject(one.subject, baseSubject(subject)));
      const baseResults = base ? resultsOf(store, base) : [];
      return resultsOf(store, manifest).flatMap(({ metric: { name, format }, result }) =>
        result === null
          ? []
          : {
              ...{ suite, metric: name, format, ...result },
              base: baseResults.find(({ metric }) => metric.name === name)?.result?.mean ?? null,
            },
      );
    });
  } finally {
    store.close();
  }
}
