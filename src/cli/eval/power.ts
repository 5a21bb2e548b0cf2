// `ft eval power`: how many items a margin needs, and what margin a number of items can show.
import { type Command, InvalidArgumentError } from "commander";
import { FtError } from "../../errors.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";

interface Flags {
  margin?: number[];
  discordance?: number[];
  items?: number[];
  metric?: string;
  effect: number;
  power: number;
  confidence: number;
  json?: boolean;
}

export function registerPower(evaluation: Command, { io }: CommandContext): void {
  evaluation
    .command("power [champion] [candidate]")
    .description("say how many items a margin of the gate needs; two files of scores measure how much items differ")
    .option("--margin <x>", "0.02 is 2 points; repeatable (default 0.01, 0.02, 0.03, 0.05)", shares)
    .option("--discordance <x>", "share of the items that the two answer differently; repeatable", shares)
    .option("--items <n>", "what so many items can show; repeatable (default 100, 400, 1000, 5000)", wholeNumbers)
    .option("--metric <metric>", "of the files: this one only")
    .option("--effect <x>", "how much better the candidate truly is", signedShare, 0)
    .option("--power <x>", "probability that it passes", share, 0.8)
    .option("--confidence <x>", "of the gate's bound, one-sided", share, 0.95)
    .option("--json", "print JSON")
    .action(async (champion: string | undefined, candidate: string | undefined, _: Flags, command: Command) => {
      // `ft eval` has --json too, and takes it.
      const flags = command.optsWithGlobals<Flags>();
      checkFlags(champion, candidate, flags);
      const { assumedPower } = await import("../../eval/power.js");
      const { measuredPower } = await import("../../eval/measured-power.js");
      const { assumedPowerText, measuredPowerText } = await import("../views/power-text.js");
      const { effect, power, confidence } = flags;
      const settings = { effect, power, confidence };
      if (champion === undefined || candidate === undefined) {
        const plan = assumedPower({
          discordances: flags.discordance ?? [0.05, 0.1, 0.15, 0.2, 0.3],
          margins: flags.margin ?? [0.01, 0.02, 0.03, 0.05],
          items: flags.items ?? [100, 400, 1000, 5000],
          ...settings,
        });
        return flags.json
          ? writeJson(io, { ok: true, ...settings, ...plan })
          : io.out.write(assumedPowerText(plan, settings));
      }
      const { readScoreFile, sidesOf } = await import("../../eval/gate/score-lines.js");
      const files = {
        champion: await readScoreFile(champion, io.cwd),
        candidate: await readScoreFile(candidate, io.cwd),
      };
      const sides = sidesOf(files, { lower: [], higher: [] });
      const rows = measuredPower(sides.champion!, sides.candidate!, {
        metric: flags.metric,
        margin: flags.margin?.at(-1),
        ...settings,
      });
      return flags.json
        ? writeJson(io, { ok: true, ...settings, metrics: rows })
        : io.out.write(measuredPowerText(rows, settings));
    });
}

function checkFlags(champion: string | undefined, candidate: string | undefined, flags: Flags): void {
  const hasFiles = champion !== undefined;
  const unfit = hasFiles
    ? flags.discordance
      ? "--discordance is measured where files are given"
      : flags.items
        ? "--items is counted where files are given"
        : (flags.margin?.length ?? 0) > 1
          ? "one --margin where files are given"
          : candidate === undefined && "two files are needed to measure how much items differ"
    : flags.metric !== undefined && "--metric is of files, and none is given";
  if (unfit) throw new FtError({ code: "usage.power", exit: "usage", message: unfit, next: "ft help eval power" });
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value < 1) return value;
  throw new InvalidArgumentError("It takes a number above 0 and below 1.");
}

function signedShare(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > -1 && value < 1) return value;
  throw new InvalidArgumentError("It takes a number between -1 and 1.");
}

function shares(text: string, all: number[] = []): number[] {
  return [...all, share(text)];
}

function wholeNumbers(text: string, all: number[] = []): number[] {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return [...all, value];
  throw new InvalidArgumentError("It takes a whole number above zero.");
}
