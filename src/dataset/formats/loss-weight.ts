// Whether a turn is learnt, by any of the flags that the field knows; only 0 and 1 can be kept by every engine.
import type { Role } from "../canonical.js";
import { Float } from "../json/json.js";
import type { RawRow, Report } from "./format.js";

const flags = ["weight", "train", "training", "loss", "loss_weight", "loss_mask"] as const;

/** 0: not learnt. 1: as the role has it. Null: reported (a fraction, flags that disagree, a turn to learn that is not the assistant's). */
export function lossWeight(turn: RawRow, role: Role, at: string, report: Report): 0 | 1 | null {
  const usual = role === "assistant" ? 1 : 0;
  let said: { flag: string; weight: number } | null = null;
  for (const flag of flags) {
    const value = turn[flag];
    if (value === undefined || value === null) continue;
    const weight = value instanceof Float ? value.value : Number(value);
    const shown = `"${flag}": ${value instanceof Float ? value.text : JSON.stringify(value)}`;
    const why =
      (typeof value !== "number" && typeof value !== "boolean" && !(value instanceof Float)) || ![0, 1].includes(weight)
        ? `has ${shown}: a turn is learnt (1) or not (0)`
        : said && said.weight !== weight
          ? `has ${shown}, but "${said.flag}": ${said.weight}`
          : weight > usual
            ? `is the ${role}'s and has ${shown}: only the assistant's turns are learnt`
            : null;
    if (why) {
      report({ rule: "SCH009", message: `${at} ${why}` });
      return null;
    }
    said = { flag, weight };
  }
  return role === "assistant" && said?.weight === 0 ? 0 : 1;
}
