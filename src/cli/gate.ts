// `ft gate`: may the candidate replace the champion? On stored evaluations, or on files of scores, `{item, metric, score}` a line.
import { type Command, InvalidArgumentError } from "commander";
import type { NamedValue, RuleFlags } from "./gate/rule.js";
import type { CommandContext } from "./program.js";

export interface GateFlags extends RuleFlags {
  candidate?: string;
  champion?: string;
  anchor?: string;
  recipe?: string;
  json?: boolean;
}

export function registerGate(program: Command, context: CommandContext): void {
  program
    .command("gate [candidate]")
    .description(
      "say whether a version (default: the newest of the recipe's line) may replace the champion, by stored evaluations; or by files of scores: exit code 0 promote, 8 keep or hold (docs/gate.md)",
    )
    .option("--candidate <file>", 'files of scores in place of stored ones, JSON lines {"item", "metric", "score"}')
    .option("--champion <file>", "with --candidate: scores of what is in use now, on the same items")
    .option("--anchor <file>", "with --candidate: scores of the version that a person approved; default the champion's")
    .option("--recipe <file>", "whose key gate is the rule (default ft.yaml; for files none); flags go over it")
    .option("--primary <metric>", "held to --margin, the others to --guard-margin (default for files: all to --margin)")
    .option(
      "--margin <x|metric=x>",
      "may be lower by this: 0.02 (the default) is 2 points; of one metric also 0.5 or 2%; repeatable",
      namedValues,
    )
    .option("--guard-margin <x>", "the same for the other metrics (default 0.03)", number)
    .option("--loss-margin <x>", "losses may be higher by this share (default 0.01)", number)
    .option("--floor <metric=x>", "a value that the candidate must reach; repeatable", floors)
    .option(
      "--lower-is-better <metric>",
      "with --candidate: of a metric whose name doesn't say so; repeatable",
      collect,
    )
    .option(
      "--higher-is-better <metric>",
      "with --candidate: of a metric whose name says otherwise; repeatable",
      collect,
    )
    .option("--confidence <x>", "of each one-sided bound (default 0.95)", number)
    .option("--min-items <n>", "items that a metric needs (default 100)", number)
    .option("--min-clusters <n>", "groups that are needed where items come in groups (default 20)", number)
    .option("--accept-first", "promote where there is no champion yet")
    .option("--json", "print JSON")
    .action(async (candidate: string | undefined, flags: GateFlags) => {
      if (flags.candidate === undefined) {
        const { gateStoredCommand } = await import("./gate/stored.js");
        return gateStoredCommand(context, candidate, flags);
      }
      const { gateFilesCommand } = await import("./gate/files.js");
      return gateFilesCommand(context, { ...flags, candidate: flags.candidate, named: candidate });
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
