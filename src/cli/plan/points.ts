// `ft plan --points`: each measured peak of a file against the estimate.
import { resolve } from "node:path";
import { readPoints } from "../../plan/points/read-points.js";
import { comparePoints } from "../../plan/points/score.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { pointsText } from "../views/points-table.js";

/** Rows of models that ft does not know are left out, and told with their lines. */
export function pointsCommand({ io }: CommandContext, csv: string, flags: { json?: boolean }): void {
  const measured = readPoints(resolve(io.cwd, csv));
  const comparison = comparePoints(measured);
  const skipped = new Set(comparison.skipped);
  for (const { id, line } of measured.filter((point) => skipped.has(point.id))) {
    io.err.write(
      `left out: ${csv}:${line}: ${id}: ft knows no such model; give its dimensions (hidden, layers, heads, ...)\n`,
    );
  }
  if (flags.json) writeJson(io, { ok: true, ...comparison });
  else io.out.write(pointsText(comparison));
}
