// `ft data ...`: one line a verb; each loads what it needs inside its action.
import type { Command } from "commander";
import { registerDataAddFailures } from "./data/add-failures.js";
import { registerDataCheck } from "./data/check.js";
import { registerDataConvert } from "./data/convert.js";
import { registerDataDedupe } from "./data/dedupe.js";
import { registerDataDiff } from "./data/diff.js";
import { registerDataExplain } from "./data/explain.js";
import { registerDataFilter } from "./data/filter.js";
import { registerDataFix } from "./data/fix.js";
import { registerDataPack } from "./data/pack.js";
import { registerDataPreview } from "./data/preview.js";
import { registerDataSample } from "./data/sample.js";
import { registerDataSplit } from "./data/split.js";
import { registerDataStats } from "./data/stats.js";
import type { CommandContext } from "./program.js";

export function registerData(program: Command, context: CommandContext): void {
  const data = program.command("data").description("look at training data").helpCommand(false);
  for (const register of verbs) register(data, context);
}

/** In the order of the help. */
const verbs: ((data: Command, context: CommandContext) => void)[] = [
  registerDataCheck,
  registerDataPreview,
  registerDataStats,
  registerDataDiff,
  registerDataConvert,
  registerDataExplain,
  registerDataFix,
  registerDataDedupe,
  registerDataFilter,
  registerDataSample,
  registerDataSplit,
  registerDataPack,
  registerDataAddFailures,
];
