// `ft gate --candidate FILE`: the gate on files of scores.
import { readScoreFile, sidesOf } from "../../eval/gate/score-lines.js";
import { gate } from "../../eval/gate.js";
import { loadRecipe } from "../../recipes/load.js";
import type { GateFlags } from "../gate.js";
import type { CommandContext } from "../program.js";
import { presentVerdict } from "./present-verdict.js";
import { checkFlags, ruleOf, wrong } from "./rule.js";

type FileFlags = GateFlags & {
  candidate: string;
  /** A version that was named as well. */
  named: string | undefined;
};

export async function gateFilesCommand(context: CommandContext, flags: FileFlags): Promise<void> {
  const { io } = context;
  if (flags.named !== undefined)
    throw wrong(
      `${flags.named} and --candidate ${flags.candidate} are two candidates`,
      "a version or a file of scores",
    );
  const { recipe } = flags;
  const base =
    recipe === undefined ? { primary: "all" as const } : loadRecipe(recipe, { cwd: io.cwd, env: io.env }).recipe.gate;
  const rule = ruleOf(base, flags);
  const read = async (file: string | undefined) => (file === undefined ? null : readScoreFile(file, io.cwd));
  const files = {
    candidate: await read(flags.candidate),
    champion: await read(flags.champion),
    anchor: await read(flags.anchor),
  };
  const directions = { lower: flags.lowerIsBetter ?? [], higher: flags.higherIsBetter ?? [] };
  const { candidate, champion, anchor } = sidesOf(files, directions);
  checkFlags(candidate!, rule, flags);
  const verdict = gate({ candidate: candidate!, champion, anchor }, rule);
  const labels = { candidate: candidate!.label, champion: champion?.label ?? null };
  presentVerdict(context, { verdict, rule, labels, json: flags.json ?? false });
}
