// How `ft data check` judges: severities, benchmarks and the baseline, by flags over the recipe.
import { relative, resolve } from "node:path";
import { readBaseline } from "../../dataset/baseline.js";
import type { CheckInput } from "../../dataset/check-dataset.js";
import { checkSettings } from "../../dataset/recipe-source.js";
import type { Benchmark } from "../../dataset/rules/contamination.js";
import { ruleLevels, type WrittenRules } from "../../dataset/rules/settings.js";
import { FtError } from "../../errors.js";
import type { LoadedRecipe } from "../../recipes/load.js";
import { ruleLevels as levels } from "../../recipes/schema/data.js";
import type { Io } from "../io.js";

export interface SettingsFlags {
  rule?: string[];
  against?: string[];
  ngram?: number;
  share?: number;
  baseline?: string;
  writeBaseline?: boolean;
}

/** Flags over what the recipe says. */
export async function settingsOf(
  io: Io,
  flags: SettingsFlags,
  loaded: LoadedRecipe | null,
): Promise<Partial<CheckInput>> {
  const fromRecipe = loaded ? checkSettings(loaded.recipe) : {};
  const seenFromHere = ({ path, ...rest }: Benchmark) => ({
    ...rest,
    path: relative(io.cwd, resolve(loaded!.dir, path)),
  });
  const named = (flags.against ?? []).map((path) => ({ path }));
  const benchmarks = [...(fromRecipe.benchmarks ?? []).map(seenFromHere), ...named];
  const { baseline, ngram, share } = flags;
  const isRead = baseline !== undefined && !flags.writeBaseline;
  return {
    rules: { ...fromRecipe.rules, ...writtenRules(flags.rule ?? []) },
    ...(benchmarks.length > 0 && { benchmarks }),
    contamination: {
      ...fromRecipe.contamination,
      ...(ngram !== undefined && { ngram }),
      ...(share !== undefined && { share }),
    },
    ...(flags.writeBaseline && { keptPerRule: Number.POSITIVE_INFINITY }),
    ...(isRead && { known: await readBaseline(resolve(io.cwd, baseline), baseline) }),
  };
}

/** `DUP001=error`, `QUAL*=off`. @throws FtError usage.rule, data.unknown-rule */
function writtenRules(flags: string[]): WrittenRules {
  const written = Object.fromEntries(
    flags.map((flag) => {
      const [name = "", level = ""] = flag.split("=");
      const known = levels.find((each) => each === level);
      if (known) return [name.toUpperCase(), known];
      throw new FtError({
        code: "usage.rule",
        exit: "usage",
        message: `--rule ${flag} does not say how severe the rule is`,
        next: `give --rule <id>=<${levels.join("|")}>, for example --rule DUP001=error or --rule "QUAL*=off"`,
      });
    }),
  );
  ruleLevels(written, "usage");
  return written;
}
