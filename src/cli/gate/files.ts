// `ft gate --candidate FILE`: the gate on files of scores.
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { judgedMetrics } from "../../eval/gate/judged-metrics.js";
import { saysDirection } from "../../eval/gate/metric-names.js";
import { type Directions, readScoreFile, sidesOf } from "../../eval/gate/score-lines.js";
import type { Side } from "../../eval/gate/side.js";
import { gate, type Verdict } from "../../eval/gate.js";
import { loadRecipe } from "../../recipes/load.js";
import type { GateRule } from "../../recipes/schema/gate.js";
import { visibleText } from "../../report/visible.js";
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
  for (const note of assumptions(candidate!, rule, directions)) io.err.write(`note: ${note}\n`);
  const { checks, ...decided } = gate({ candidate: candidate!, champion, anchor }, rule);
  const itself = (["champion", "anchor"] as const).filter((side) => isSameFile(flags[side], flags.candidate, io.cwd));
  const reasons = itself.map((side) => `${side} and candidate are the same: ${candidate!.label}`);
  const verdict: Verdict = { ...(reasons.length > 0 ? { verdict: "hold", reasons } : decided), checks };
  const labels = { candidate: candidate!.label, champion: champion?.label ?? null };
  presentVerdict(context, { verdict, rule, labels, json: flags.json ?? false });
}

/** Of metrics whose name does not say which way is better: which way they are taken. */
function assumptions(candidate: Side, rule: GateRule, { lower, higher }: Directions): string[] {
  const guessed = judgedMetrics(candidate, rule).filter(
    ({ key, name }) => !saysDirection(name) && !lower.includes(key) && !higher.includes(key),
  );
  return (["higher", "lower"] as const).flatMap((better) => {
    const keys = guessed.filter((metric) => metric.better === better).map(({ key }) => key);
    if (keys.length === 0) return [];
    const flag = better === "higher" ? "--lower-is-better" : "--higher-is-better";
    return visibleText(
      `taken as ${better} is better, as the name does not say for sure: ${keys.join(", ")}; otherwise: ${flag} ${keys[0]}`,
    );
  });
}

/** A slip of the pen that would pass every check, also through a link. Two files may well have the same scores. */
function isSameFile(one: string | undefined, other: string, cwd: string): boolean {
  if (one === undefined) return false;
  const [a, b] = [one, other].map((file) => statSync(resolve(cwd, file), { bigint: true }));
  return a!.dev === b!.dev && a!.ino === b!.ino;
}
