// `ft plan --probe`: what the longest rows really take here, beside the estimate.
import { probeRecipe } from "../../pipeline/probe-recipe.js";
import type { LoadedRecipe } from "../../recipes/load.js";
import { writeJson } from "../io.js";
import { preparing } from "../preparing.js";
import type { CommandContext } from "../program.js";
import { probeText } from "../views/probe-text.js";

export async function probeCommand(
  { io }: CommandContext,
  loaded: LoadedRecipe,
  flags: { apply?: boolean; json?: boolean },
): Promise<void> {
  const probe = await preparing(io, (context) => probeRecipe(loaded, { ...context, now: io.now, random: Math.random }));
  const applied = flags.apply && probe.isSmaller ? [`train.micro_batch=${probe.microBatch}`] : [];
  if (applied.length > 0) {
    const { applyChanges } = await import("../../recipes/apply-changes.js");
    applyChanges(loaded.file, applied);
  }
  if (flags.apply && applied.length === 0)
    io.err.write(`note: --apply wrote nothing: ${probe.microBatch} rows in a forward pass fit, as the recipe has it\n`);
  if (flags.json) return writeJson(io, { ok: true, probe, applied });
  io.out.write(probeText(probe, { isApplied: applied.length > 0 }));
}
