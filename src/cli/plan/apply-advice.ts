// `ft plan --apply`: what makes it fit goes into the recipe's file, and what was not written is said.
import type { RecipePlan } from "../../pipeline/plan-recipe.js";
import { applyChanges } from "../../recipes/apply-changes.js";
import type { Io } from "../io.js";

/** `sets`: of this plan alone, as `--set` takes them. Returns what was written, in the same form. */
export function applyAdvice(io: Io, file: string, { advice, plans }: RecipePlan, sets: readonly string[]): string[] {
  const changes = advice?.isEnough ? advice.changes : [];
  const applied = changes.flatMap(({ set }) => Object.entries(set).map(([key, value]) => `${key}=${value}`));
  const note = (text: string): void => {
    io.err.write(`note: --apply wrote ${text}\n`);
  };
  if (applied.length > 0) {
    applyChanges(file, applied);
    const written = new Set(applied.map(keyOf));
    const unwritten = sets.filter((set) => !written.has(keyOf(set)));
    if (unwritten.length > 0) note(`only what it advises, and not ${unwritten.join(", ")}: that was for this plan`);
  } else {
    const [first] = plans;
    const surely = first?.verdict === "tight" ? "surely " : "";
    note(
      advice === null
        ? `nothing: it fits ${first?.hardware} as it is`
        : `nothing: nothing that ft can change makes it ${surely}fit ${first?.hardware}`,
    );
  }
  return applied;
}

function keyOf(set: string): string {
  return set.split("=")[0]!;
}
