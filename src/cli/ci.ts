// `ft ci`: the nightly job - data, training, evaluation, gate, promotion, push - with one report.
import type { Command } from "commander";
import { outputName } from "./output-name.js";
import type { CommandContext } from "./program.js";

export interface CiFlags {
  on?: string;
  acceptFirst?: boolean;
  exitCode?: boolean;
  html?: string;
  markdown?: boolean;
  junit?: string;
  summary?: string;
  json?: boolean;
}

export function registerCi(program: Command, context: CommandContext): void {
  program
    .command("ci [recipe]")
    .description(
      "the nightly job (default ft.yaml): train if anything changed, evaluate, ask the gate, promote and push only what is not worse (docs/nightly.md)",
    )
    .option("--on <target>", "train there instead of where compute.on says (ft launch targets)")
    .option("--accept-first", "promote where there is no champion yet")
    .option("--exit-code", "end with 9 when there was nothing to do")
    .option("--junit <file>", "write the steps and the gate's checks as JUnit XML", outputName)
    .option("--summary <file>", "write the report as Markdown", outputName)
    .option("--html <file>", "write the report as one self-contained page", outputName)
    .option("--md, --markdown", "print the report as Markdown")
    .option("--json", "print the result as JSON")
    .action(async (recipe: string | undefined, flags: CiFlags) => {
      const { ciCommand } = await import("./ci/run.js");
      return ciCommand(context, recipe, flags);
    });
}
