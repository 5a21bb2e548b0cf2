// What one text shows by itself: lost and garbled characters, hidden ones, personal data and secrets (FILE007-9, PII, SEC002-8).
import type { RowProblem, RuleId } from "../rules.js";
import {
  firstRemoved,
  withoutControls,
  withoutDirections,
  withoutTags,
  withoutZeroWidths,
} from "./hidden-characters.js";
import { type Detected, personalData } from "./personal-data.js";
import type { RowText } from "./row-texts.js";
import { has } from "./scan-text.js";
import { secretsIn } from "./secrets.js";
import { ungarble } from "./ungarble.js";

/** At most one problem of a rule a text: "..., and 3 more". */
export function judgeText({ at, text, bits }: RowText): RowProblem[] {
  const problems: RowProblem[] = [];
  if (bits & (has.nonAscii | has.control)) judgeCharacters(at, text, bits, problems);
  const detected = bits & (has.at | has.digits) ? personalData(text, bits) : [];
  if (bits & (has.token | has.dashes | has.address)) detected.push(...secretsIn(text, bits));
  for (const [rule, [first, ...others]] of byRule(detected)) {
    const more = others.length > 0 ? `, and ${others.length} more` : "";
    problems.push({ rule, message: `${at} has ${(first as Detected).shown}${more}` });
  }
  const order = text.includes("gnore") || text.includes("GNORE") ? orderToIgnore.exec(text)?.[0] : undefined;
  if (order) problems.push({ rule: "SEC007", message: `${at} says "${order}"` });
  return problems;
}

function byRule(detected: Detected[]): Map<RuleId, Detected[]> {
  const groups = new Map<RuleId, Detected[]>();
  for (const each of detected) groups.set(each.rule, [...(groups.get(each.rule) ?? []), each]);
  return groups;
}

/** The words that injections of prompts mostly begin with. */
const orderToIgnore =
  /\b[Ii](?:gnore|GNORE) (?:all |any |the |your |my )*(?:of )?(?:the |your )?(?:previous|prior|above|earlier|preceding|PREVIOUS) (?:instructions?|prompts?|directions?|messages?|INSTRUCTIONS?)\b/;

function judgeCharacters(at: string, text: string, bits: number, problems: RowProblem[]): void {
  const add = (rule: RuleId, what: string) => problems.push({ rule, message: `${at} ${what}` });
  if (bits & has.replacement) add("FILE007", "has U+FFFD, which stands for a character that was lost");
  const garbled = bits & has.garbled ? ungarble(text) : null;
  if (garbled) {
    const { count, was, meant } = garbled;
    add("FILE008", `has ${count} garbled ${count === 1 ? "character" : "characters"}: ${was} for ${meant}`);
  }
  const control = bits & has.control && !garbled ? firstRemoved(text, withoutControls(text)) : null;
  if (control) add("FILE009", `has the control character ${control}`);
  if (!(bits & has.invisible)) return;
  if (firstRemoved(text, withoutTags(text))) add("SEC004", "has tag characters, which show as nothing");
  const turned = firstRemoved(text, withoutDirections(text));
  if (turned) add("SEC005", `has ${turned}, but no letters that are written from right to left`);
  const hidden = firstRemoved(text, withoutZeroWidths(text));
  if (hidden) add("SEC006", `has ${hidden}, which shows as nothing`);
}
