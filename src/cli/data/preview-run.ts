// `ft data preview --from-run`: the tokens that a run's engine really trained, against the prediction.
import { join } from "node:path";
import { shownLine } from "../../dataset/preview/preview-line.js";
import { runsDir } from "../../paths.js";
import { runSamples } from "../../pipeline/run-samples.js";
import { type Io, writeJson } from "../io.js";
import { withRun } from "../runs/with-runs.js";
import { samplesReport, shownSamples } from "../views/preview-samples.js";
import { presentReport } from "./present-report.js";

/** False: some sample is not as predicted. */
export async function previewRun(io: Io, asked: string, flags: { json?: boolean; html?: string }): Promise<boolean> {
  return withRun(io, asked, async (_, { id: run }) => {
    const trained = await runSamples(join(runsDir(io.cwd), run), io.cwd);
    const { engine, model, findings } = trained;
    const shown = shownSamples(trained);
    const ok = findings.length === 0;
    if (flags.json) {
      const samples = shown.map((sample) => {
        return { ...sample, real: shownLine(sample.real), predicted: sample.predicted && shownLine(sample.predicted) };
      });
      writeJson(io, { ok, run, engine, findings, samples });
    }
    await presentReport(io, samplesReport(shown, { run, engine, maxLength: model.maxLength }), flags);
    return ok;
  });
}
