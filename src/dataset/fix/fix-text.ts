// What can be mended in a text without asking anyone, rule by rule, in an order in which doing it twice changes nothing more.
import { withoutControls, withoutDirections, withoutTags, withoutZeroWidths } from "../rules/hidden-characters.js";
import { replaceDetected } from "../rules/mask-text.js";
import { has, scanText } from "../rules/scan-text.js";
import { ungarble } from "../rules/ungarble.js";
import type { RuleId } from "../rules.js";

export interface TextFix {
  rule: RuleId;
  before: string;
  after: string;
}

/** @param maskPii puts placeholders in place of personal data and secrets too */
export function fixText(text: string, { maskPii }: { maskPii: boolean }): { text: string; fixes: TextFix[] } {
  const fixes: TextFix[] = [];
  let current = text;
  const apply = (rule: RuleId, after: string): void => {
    if (after === current) return;
    fixes.push({ rule, before: current, after });
    current = after;
  };
  const bits = scanText(text);
  if (bits & has.garbled) apply("FILE008", fullyUngarbled(current));
  if (bits & has.control) apply("FILE009", withoutControls(current));
  if (bits & has.invisible) {
    apply("SEC004", withoutTags(current));
    apply("SEC005", withoutDirections(current));
    apply("SEC006", withoutZeroWidths(current));
  }
  if (maskPii) maskEach(current, fixes);
  return { text: fixes.at(-1)?.after ?? text, fixes };
}

/** Text that went wrong twice needs two turns. */
function fullyUngarbled(text: string): string {
  let current = text;
  for (let garbled = ungarble(current); garbled; garbled = ungarble(current)) current = garbled.text;
  return current;
}

/** All pieces at once: the first one's rule names the fix. */
function maskEach(text: string, fixes: TextFix[]): void {
  let rule: RuleId | null = null;
  const after = replaceDetected(text, (piece) => {
    rule ??= piece.rule;
    return piece.placeholder;
  });
  if (rule) fixes.push({ rule, before: text, after });
}
