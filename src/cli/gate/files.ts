// `ft gate --candidate FILE`: the gate on files of scores.
import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { readScoreFile, sidesOf } from "../../eval/gate/score-lines.js";
import { gate, type Verdict } from "../../eval/gate.js";
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
  const { checks, ...decided } = gate({ candidate: candidate!, champion, anchor }, rule);
  const isItself = flags.champion !== undefined && samePath(flags.champion, flags.candidate, io.cwd);
  const itself = `champion and candidate are the same: ${candidate!.label}`;
  const verdict: Verdict = { ...(isItself ? { verdict: "hold", reasons: [itself] } : decided), checks };
  const labels = { candidate: candidate!.label, champion: champion?.label ?? null };
  presentVerdict(context, { verdict, rule, labels, json: flags.json ?? false });
}

/** A slip of the pen that would pass every check. Two files may well have the same scores. */
function samePath(one: string, other: string, cwd: string): boolean {
  return realpathSync(resolve(cwd, one)) === realpathSync(resolve(cwd, other));
}
