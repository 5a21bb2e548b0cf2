// The options by which every verb that reads rows is told what they are called: the same names and words everywhere.
import type { Command } from "commander";
import { collect } from "../render.js";

/** --format, --columns and --roles; read by formatOf (input.ts) and columnMapOf (column-map.ts). */
export function rowOptions(command: Command): Command {
  return command
    .option("--format <name>", "row format: auto, messages, preference, ... (docs/data.md)")
    .option("--columns <name=own>", "the file's own name of a column: prompt=question (again for each column)", collect)
    .option("--roles <own=role>", "what one of its roles stands for: bot=assistant (again for each role)", collect);
}
