// What one text shows by itself: lost and garbled characters, hidden ones, personal data and secrets (FILE007-9, PII, SEC002-8).
import type { RowProblem, RuleId } from "../rules.js";
import { type Detected, personalData } from "./personal-data.js";
import type { RowText } from "./row-texts.js";
import { has, isControl } from "./scan-text.js";
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

/** The words most published injections begin with (as in garak's and Rebuff's collections). */
const orderToIgnore =
  /\b[Ii](?:gnore|GNORE) (?:all |any |the |your |my )*(?:of )?(?:the |your )?(?:previous|prior|above|earlier|preceding|PREVIOUS) (?:instructions?|prompts?|directions?|messages?|INSTRUCTIONS?)\b/;

/** A flag of a region is a black flag, tag letters and the tag that ends them (UTS #51). */
const regionFlag = /\u{1f3f4}[\u{e0020}-\u{e007e}]{1,8}\u{e007f}/gu;
const tagCharacter = /[\u{e0000}-\u{e007f}]/u;
const direction = /[\u202a-\u202e\u2066-\u2069]/;
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
/** Not the joiners that emoji and the scripts of Asia need: only between ASCII letters. */
const zeroWidth = /[\u200b\u2060-\u2064]|(?<=\S)\ufeff|(?<=[\w ])[\u200c\u200d](?=[\w ])/;

function judgeCharacters(at: string, text: string, bits: number, problems: RowProblem[]): void {
  const add = (rule: RuleId, what: string) => problems.push({ rule, message: `${at} ${what}` });
  if (bits & has.replacement) add("FILE007", "has U+FFFD, which stands for a character that was lost");
  const garbled = bits & has.garbled ? ungarble(text) : null;
  if (garbled)
    add(
      "FILE008",
      `has ${garbled.count} garbled ${garbled.count === 1 ? "character" : "characters"}: ${garbled.was} for ${garbled.meant}`,
    );
  if (bits & has.control && !garbled) {
    const control = [...text].find((char) => isControl(char.charCodeAt(0)));
    if (control !== undefined) add("FILE009", `has the control character ${unicodeName(control.charCodeAt(0))}`);
  }
  if (!(bits & has.invisible)) return;
  if (tagCharacter.test(text.replace(regionFlag, ""))) add("SEC004", "has tag characters, which show as nothing");
  const turned = direction.exec(text)?.[0];
  if (turned && !rightToLeft.test(text))
    add("SEC005", `has ${unicodeName(turned.charCodeAt(0))}, but no letters that are written from right to left`);
  const hidden = zeroWidth.exec(text)?.[0];
  if (hidden) add("SEC006", `has ${unicodeName(hidden.charCodeAt(0))}, which shows as nothing`);
}

function unicodeName(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}
