// `ft plan`: will it fit, what will it cost, and what to change when it does not fit. With --points, how good the estimate is against measured peaks.
import { type Command, Option } from "commander";
import { exitCodes } from "../errors.js";
import type { BudgetPlan } from "../plan/budget.js";
import { writeJson } from "./io.js";
import { outputName } from "./output-name.js";
import type { CommandContext } from "./program.js";
import { collect, setsWithTarget } from "./render.js";

interface Flags {
  gpu?: string[];
  all?: boolean;
  set?: string[];
  on?: string;
  apply?: boolean;
  exitCode?: boolean;
  points?: string;
  probe?: boolean;
  calibrate?: boolean;
  html?: string;
  json?: boolean;
}

/** Flags that mean something for a recipe alone. */
const ofRecipe = ["gpu", "all", "set", "on", "apply", "exitCode", "html"];

export function registerPlan(program: Command, context: CommandContext): void {
  program
    .command("plan [recipe]")
    .description("estimate memory, time, disk and cost of a recipe, before anything is fetched (default ft.yaml)")
    .option(
      "--gpu <name>",
      'plan for this GPU instead of what is here: "h100-80" for as many as compute.gpus, "4x a100-40" for 4; repeatable',
      collect,
    )
    .addOption(new Option("--all", "a table over all GPUs that ft knows").conflicts(["gpu", "apply"]))
    .option("--set <key=value>", "change a key of the recipe for this plan; repeatable", collect)
    .option("--on <target>", "plan for that target instead of where compute.on says (ft launch targets)")
    .option("--apply", "write the changes that make it fit into the recipe")
    .option("--exit-code", "end with 5 when it does not fit (tight does), or is not within compute.budget")
    .addOption(
      new Option(
        "--probe",
        "train two steps of the longest rows here, and measure; takes fewer rows at a time while memory runs out",
      ).conflicts(["gpu", "all", "exitCode", "html"]),
    )
    .addOption(
      new Option(
        "--calibrate",
        "correct the estimate by what past runs and probes took on this machine, and show its error",
      ).conflicts([...ofRecipe, "probe"]),
    )
    .addOption(
      new Option(
        "--points <csv>",
        "predict each measured peak of a file and compare (columns: docs/plan.md)",
      ).conflicts([...ofRecipe, "probe", "calibrate"]),
    )
    .option("--html <file>", "write the plan as a page too", outputName)
    .option("--json", "print JSON")
    .action(async (file: string | undefined, flags: Flags) => {
      if (flags.points !== undefined)
        return (await import("./plan/points.js")).pointsCommand(context, flags.points, flags);
      if (flags.calibrate) return (await import("./plan/calibrate.js")).calibrateCommand(context, flags);
      return plan(context, file ?? "ft.yaml", flags);
    });
}

async function plan(context: CommandContext, file: string, flags: Flags): Promise<void> {
  const { io, exit } = context;
  const { loadForGpus } = await import("./plan/load-for-gpus.js");
  const { loaded, gpus, sets } = loadForGpus(io, file, { ...flags, set: setsWithTarget(flags) });
  if (flags.probe) {
    const { probeCommand } = await import("./plan/probe.js");
    return probeCommand(context, loaded, flags);
  }
  const { refuseReports } = await import("./data/report-file.js");
  await refuseReports(io, [{ kind: "html", flag: "--html", file: flags.html }], []);
  const { planRecipe } = await import("../pipeline/plan-recipe.js");
  const { interruptible } = await import("./interruptible.js");
  const result = await interruptible((signal) =>
    planRecipe(loaded, { env: io.env, signal, gpus, all: flags.all ?? false, now: io.now() }),
  );
  const applied = flags.apply
    ? (await import("./plan/apply-advice.js")).applyAdvice(io, loaded.file, result, sets)
    : [];
  if (flags.json) writeJson(io, { ok: true, plan: result, applied });
  if (!flags.json || flags.html !== undefined) {
    const { memoryReport } = await import("./views/memory-plan.js");
    const { estimateBlocks } = await import("./views/plan-time.js");
    const { presentReport } = await import("./data/present-report.js");
    const report = memoryReport(result, { isApplied: applied.length > 0 });
    await presentReport(io, { ...report, blocks: [...report.blocks, ...estimateBlocks(result)] }, flags);
  }
  const isShort = result.plans.every(({ verdict }) => verdict === "does not fit") && applied.length === 0;
  const isOver = result.estimates.every(({ budget }) => isBeyond(budget));
  // The advice, and so --apply, is for the first GPU.
  const isUnmended = flags.apply && applied.length === 0 && result.plans[0]?.verdict === "does not fit";
  if (isUnmended || (flags.exitCode && (isShort || isOver))) exit(exitCodes.fit.code);
}

/** Dollars that can't be told are not within a budget either, as for `ft run`. */
function isBeyond(budget: BudgetPlan | null): boolean {
  return (
    budget?.checks.some(({ verdict, limit }) => verdict === "exceeds" || (verdict === "unknown" && limit === "usd")) ??
    false
  );
}
