// `ft eval compare`: subjects side by side on the suites that they were evaluated on.
import { outputsOf, scoreColumns } from "../../eval/record-store.js";
import { sideBySide } from "../../eval/side-by-side.js";
import { inputsOf } from "../../eval/suites/suite-inputs.js";
import { type SuiteSides, storedSides } from "../../pipeline/suites/stored-sides.js";
import type { Store } from "../../store/open.js";
import { presentReport } from "../data/present-report.js";
import { refuseReports } from "../data/report-file.js";
import { type Io, writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import type { ShownSuite, ShownTurn } from "../views/side-by-side.js";
import { withEvaluations } from "./with-evaluations.js";

export interface CompareFlags {
  suite?: string[];
  examples: number;
  html?: string;
  markdown?: boolean;
  json?: boolean;
}

export async function compareCommand({ io }: CommandContext, references: string[], flags: CompareFlags): Promise<void> {
  await refuseReports(io, [{ kind: "html", flag: "--html", file: flags.html }], []);
  await withEvaluations(io, async (store) => {
    const found = storedSides(store, io.cwd, { references, names: flags.suite ?? [] });
    const suites = found.map((one) => compareSuite(store, io, one, flags.examples));
    const candidate = suites[0]!.labels.at(-1)!;
    const { sideBySideReport } = await import("../views/side-by-side.js");
    if (flags.json) writeJson(io, { ok: true, candidate, suites });
    await presentReport(io, sideBySideReport(candidate, suites), flags);
  });
}

function compareSuite(store: Store, io: Io, { suite, sides, missing }: SuiteSides, flips: number): ShownSuite {
  const known = sides.map(({ label, manifest: { id, errors } }) => ({
    label,
    errors,
    columns: scoreColumns(store, id),
  }));
  const comparison = sideBySide(suite.metrics, known);
  const turned = comparison.turned?.items ?? [];
  // Broken ones first: there are fewer, and they are what one wants to see.
  const some = [...turned.filter(({ fixed }) => !fixed), ...turned.filter(({ fixed }) => fixed)].slice(0, flips);
  const wanted = some.map(({ item }) => item);
  const inputs = inputsOf(io.cwd, suite.sha256, wanted);
  const [before, after] = [-2, -1].map((at) =>
    wanted.length === 0
      ? new Map<string, string | null>()
      : outputsOf(store, sides.at(at)!.manifest.id, { items: known.at(at)!.columns.items, wanted }),
  );
  const turns = some.map(
    ({ item, fixed }): ShownTurn => ({
      ...{ item, fixed, input: inputs.get(item) ?? null },
      ...{ before: before!.get(item) ?? null, after: after!.get(item) ?? null },
    }),
  );
  const { name, type } = suite;
  return {
    name,
    type,
    items: known.at(-1)!.columns.items.length,
    labels: sides.map(({ label }) => label),
    comparison,
    missing,
    turns,
  };
}
