// What both forms of `ft gate` end with: the verdict as text or JSON, and the exit code that belongs to it.
import { exitCodes } from "../../errors.js";
import type { Verdict } from "../../eval/gate.js";
import type { GateRule } from "../../recipes/schema/gate.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { gateText } from "../views/gate-text.js";
import { painter, wantsColour } from "../views/paint.js";

export function presentVerdict(
  { io, exit }: CommandContext,
  {
    verdict,
    rule,
    labels,
    json,
    more = {},
  }: {
    verdict: Verdict;
    rule: GateRule;
    labels: { candidate: string; champion: string | null };
    json: boolean;
    /** Also in the JSON. */
    more?: Record<string, unknown>;
  },
): void {
  const isPromoted = verdict.verdict === "promote";
  if (!isPromoted) exit(exitCodes.gate.code);
  if (json) writeJson(io, { ok: isPromoted, ...verdict, rule, ...more });
  else io.out.write(gateText(verdict, { labels, rule, width: io.out.columns, paint: painter(wantsColour(io)) }));
}
