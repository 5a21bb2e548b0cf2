// Whether a turn is learnt, by any of the flags that the field knows; only 0 and 1 can be kept by every engine.
import type { Role } from "../canonical.js";
import { Float, type Json } from "../json/json.js";
import { stringifyJson } from "../json/stringify-json.js";
import type { RawRow, Report } from "./format.js";

const flags = ["weight", "train", "training", "loss", "loss_weight", "loss_mask"] as const;

/** 0: not learnt. 1: as the role has it. Null: reported (a fraction, flags that disagree, a turn to learn that is not the assistant's). */
export function lossWeight(turn: RawRow, role: Role, at: string, report: Report): 0 | 1 | null {
  const refuse = (why: string): null => {
    report({ rule: "SCH009", message: `${at} ${why}` });
    return null;
  };
  let said: { shown: string; weight: 0 | 1 } | null = null;
  for (const flag of flags) {
    const value = turn[flag];
    if (value === undefined || value === null) continue;
    const shown = `"${flag}": ${stringifyJson(value as Json)}`;
    const weight = weightOf(value);
    if (weight === null) return refuse(`has ${shown}: a turn is learnt (1) or not (0)`);
    if (said && said.weight !== weight) return refuse(`has ${shown}, but ${said.shown}`);
    if (weight === 1 && role !== "assistant")
      return refuse(`is the ${role}'s and has ${shown}: only the assistant's turns are learnt`);
    said = { shown, weight };
  }
  return role === "assistant" && said ? said.weight : 1;
}

function weightOf(value: unknown): 0 | 1 | null {
  const number = value instanceof Float ? value.value : value;
  if (number === 1 || number === true) return 1;
  return number === 0 || number === false ? 0 : null;
}
