// `ft gate`: may the candidate replace the champion? On files of scores, `{item, metric, score}` a line.
import { type Command, InvalidArgumentError } from "commander";
import { exitCodes } from "../errors.js";
import { writeJson } from "./io.js";
import type { CommandContext } from "./program.js";

interface Flags {
  candidate: string;
  champion?: string;
  anchor?: string;
  recipe?: string;
  primary?: string;
  margin?: NamedValue[];
  guardMargin?: number;
  lossMargin?: number;
  floor?: NamedValue[];
  lowerIsBetter?: string[];
  higherIsBetter?: string[];
  confidence?: number;
  minItems?: number;
  minClusters?: number;
  acceptFirst?: boolean;
  json?: boolean;
}

/** `0.02`, or `bleu=0.5`, or `loss=2%`. */
export interface NamedValue {
  metric: string | null;
  value: number | string;
}

export function registerGate(program: Command, { io, exit }: CommandContext): void {
  program
    .command("gate")
    .description("say whether a candidate may replace the champion: exit code 0 promote, 8 keep or hold (docs/gate.md)")
    .requiredOption("--candidate <file>", 'its scores, JSON lines {"item", "metric", "score"}')
    .option("--champion <file>", "scores of what is in use now, on the same items")
    .option("--anchor <file>", "scores of the version that a person approved; default the champion's")
    .option("--recipe <file>", "take the rule from this recipe's key gate; flags go over it")
    .option("--primary <metric>", "held to --margin, the others to --guard-margin (default: all to --margin)")
    .option(
      "--margin <x|metric=x>",
      "may be lower by this: 0.02 (the default) is 2 points; of one metric also 0.5 or 2%; repeatable",
      namedValues,
    )
    .option("--guard-margin <x>", "the same for the other metrics (default 0.03)", number)
    .option("--loss-margin <x>", "losses may be higher by this share (default 0.01)", number)
    .option("--floor <metric=x>", "a value that the candidate must reach; repeatable", floors)
    .option("--lower-is-better <metric>", "of a metric whose name doesn't say so; repeatable", collect)
    .option("--higher-is-better <metric>", "of a metric whose name says otherwise; repeatable", collect)
    .option("--confidence <x>", "of each one-sided bound (default 0.95)", number)
    .option("--min-items <n>", "items that a metric needs (default 100)", number)
    .option("--min-clusters <n>", "groups that are needed where items come in groups (default 20)", number)
    .option("--accept-first", "promote where there is no champion yet")
    .option("--json", "print JSON")
    .action(async (flags: Flags) => {
      const { readScoreFile, sidesOf } = await import("../eval/gate/score-lines.js");
      const { gate } = await import("../eval/gate.js");
      const { checkFlags, ruleOf } = await import("./gate/rule.js");
      const rule = await ruleOf(io, flags);
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
      if (verdict.verdict !== "promote") exit(exitCodes.gate.code);
      if (flags.json) return writeJson(io, { ok: verdict.verdict === "promote", ...verdict, rule });
      const { gateText } = await import("./views/gate-text.js");
      const { painter, wantsColour } = await import("./views/paint.js");
      const labels = { candidate: candidate!.label, champion: champion?.label ?? null };
      io.out.write(gateText(verdict, { labels, rule, width: io.out.columns, paint: painter(wantsColour(io)) }));
    });
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It takes a number.");
}

function namedValues(text: string, all: NamedValue[] = []): NamedValue[] {
  const at = text.lastIndexOf("=");
  if (at === -1) return [...all, { metric: null, value: number(text) }];
  const [metric, value] = [text.slice(0, at), text.slice(at + 1)];
  return [...all, { metric, value: value.endsWith("%") ? value : number(value) }];
}

function floors(text: string, all: NamedValue[] = []): NamedValue[] {
  if (!text.includes("=")) throw new InvalidArgumentError("It takes a metric and a value: exact_match=0.8.");
  return namedValues(text, all);
}

function collect(text: string, all: string[] = []): string[] {
  return [...all, text];
}
