// `ft gate [candidate]`: the gate on stored evaluations; what it said is kept with the line's aliases, where `ft adapters promote` looks.
import { tag, whoDecides } from "../../adapters/promote.js";
import { judgeStored, storedGround } from "../../pipeline/gate-stored.js";
import { loadRecipe } from "../../recipes/load.js";
import { withEvaluations } from "../eval/with-evaluations.js";
import type { GateFlags } from "../gate.js";
import type { CommandContext } from "../program.js";
import { presentVerdict } from "./present-verdict.js";
import { checkFlags, ruleOf, wrong } from "./rule.js";

export async function gateStoredCommand(
  context: CommandContext,
  reference: string | undefined,
  flags: GateFlags,
): Promise<void> {
  refuseFileFlags(flags);
  const { io } = context;
  const loaded = loadRecipe(flags.recipe ?? "ft.yaml", { cwd: io.cwd, env: io.env });
  const rule = ruleOf(loaded.recipe.gate, flags);
  await withEvaluations({ ...io, cwd: loaded.dir }, async (store) => {
    const ground = storedGround(store, loaded, { reference: reference ?? loaded.recipe.name, rule });
    if (ground.missing.length === 0) checkFlags(ground.sides.candidate, rule, flags);
    const verdict = judgeStored(ground, rule);
    const { adapter, labels } = ground;
    if (isByOwnRule(flags)) {
      const decision = { by: whoDecides(io.env), now: io.now(), why: "ft gate" };
      const kept = { ...verdict, against: ground.against };
      await tag(loaded.dir, { adapter, alias: "candidate", remove: false, verdict: kept }, decision);
    } else io.err.write("note: by a rule of flags; ft adapters promote goes by the recipe's, so this is not kept\n");
    presentVerdict(context, { verdict, rule, labels, json: flags.json ?? false, more: labels });
  });
}

/** The recipe's rule, and who accepts a first champion decides that here. */
function isByOwnRule({ recipe: _, json: __, acceptFirst: ___, ...ruling }: GateFlags): boolean {
  return Object.values(ruling).every((value) => value === undefined);
}

/** They would do nothing here. Throws FtError usage.gate. */
function refuseFileFlags({ champion, anchor, lowerIsBetter, higherIsBetter }: GateFlags): void {
  const given = {
    "--champion": champion,
    "--anchor": anchor,
    "--lower-is-better": lowerIsBetter,
    "--higher-is-better": higherIsBetter,
  };
  const flag = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
  if (flag)
    throw wrong(
      `${flag} goes with --candidate <file>`,
      "with stored evaluations champion and anchor are those of the line (ft adapters ls), and metrics say which way is better",
    );
}
