// `ft plan`: will it fit. With --points, how good the estimate is against measured peaks.
import type { Command } from "commander";
import { writeJson } from "./io.js";
import type { CommandContext } from "./program.js";

interface Flags {
  points?: string;
  json?: boolean;
}

export function registerPlan(program: Command, { io }: CommandContext): void {
  program
    .command("plan")
    .description("estimate the GPU memory of a training")
    .requiredOption("--points <csv>", "predict each measured peak of a file and compare (columns: docs/plan.md)")
    .option("--json", "print JSON")
    .action(async (flags: Flags) => {
      const { resolve } = await import("node:path");
      const { readPoints } = await import("../plan/points/read-points.js");
      const { comparePoints } = await import("../plan/points/score.js");
      const comparison = comparePoints(readPoints(resolve(io.cwd, flags.points!)));
      if (flags.json) return writeJson(io, { ok: true, ...comparison });
      const { pointsText } = await import("./views/points-table.js");
      io.out.write(pointsText(comparison));
    });
}
