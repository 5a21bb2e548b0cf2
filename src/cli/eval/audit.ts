// `ft eval audit`: are a suite's items in the training data? Exit 4 when one is.
import { exitCodes } from "../../errors.js";
import { auditRecipe } from "../../pipeline/suites/audit-recipe.js";
import { loadRecipe } from "../../recipes/load.js";
import { presentReport } from "../data/present-report.js";
import { refuseReports } from "../data/report-file.js";
import { writeJson } from "../io.js";
import { preparing } from "../preparing.js";
import type { CommandContext } from "../program.js";
import { auditReport } from "../views/audit.js";

export interface AuditFlags {
  recipe: string;
  suite?: string[];
  html?: string;
  markdown?: boolean;
  json?: boolean;
}

export async function auditCommand({ io, exit }: CommandContext, flags: AuditFlags): Promise<void> {
  await refuseReports(io, [{ kind: "html", flag: "--html", file: flags.html }], []);
  const loaded = loadRecipe(flags.recipe, { cwd: io.cwd, env: io.env });
  const result = await preparing(io, (context) => auditRecipe(loaded, flags.suite ?? [], context));
  const isClean = result.suites.every(({ found }) => found.length === 0);
  if (!isClean) exit(exitCodes.data.code);
  if (flags.json) writeJson(io, { ok: isClean, ...result });
  await presentReport(io, auditReport(loaded.recipe.name, result), flags);
}
