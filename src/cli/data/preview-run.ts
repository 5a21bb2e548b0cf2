// `ft data preview --from-run`: the tokens that a run's engine really trained, against the prediction.
import { join } from "node:path";
import { runsDir } from "../../paths.js";
import { runSamples } from "../../pipeline/run-samples.js";
import { type Io, writeJson } from "../io.js";
import { withRun } from "../runs/with-runs.js";
import { isFinding, samplesReport } from "../views/preview-samples.js";
import { presentReport } from "./present-report.js";

/** False: some sample is not as predicted. */
export async function previewRun(io: Io, asked: string, flags: { json?: boolean; html?: string }): Promise<boolean> {
  return withRun(io, asked, async (_, run) => {
    const samples = await runSamples(join(runsDir(io.cwd), run.id), io.cwd);
    const ok = !samples.matches.some(isFinding);
    if (flags.json) {
      const matches = samples.matches.map(({ sample, verdict, places, predicted, why }) => ({
        ...{ row: sample.row, part: sample.part, verdict, why, places },
        ...{ inputIds: sample.inputIds, trained: sample.labels.map((label) => label !== -100) },
        predicted: predicted && {
          ids: predicted.ids.slice(0, predicted.kept),
          trained: [...predicted.trained.subarray(0, predicted.kept)].map(Boolean),
        },
      }));
      writeJson(io, { ok, run: run.id, engine: samples.engine, samples: matches });
    }
    await presentReport(io, samplesReport(samples, run.id), flags);
    return ok;
  });
}
