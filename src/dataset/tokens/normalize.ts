// The normalizer of tokenizer.json, as functions that keep track of where each character comes from.

import { normalizeUnicode } from "./normalize-unicode.js";
import { compilePattern, type WrittenPattern } from "./pattern.js";
import { prepend, replaceAll, replaceCharacter, type Section } from "./section.js";

export type Normalize = (section: Section) => Section;

/** Null: it has a step that is not known here. */
export function compileNormalizer(step: NormalizerStep | null | undefined): Normalize | null {
  if (!step) return (section) => section;
  switch (step.type) {
    case "Sequence": {
      const steps = step.normalizers?.map(compileNormalizer) ?? [];
      if (steps.some((each) => each === null)) return null;
      return (section) => steps.reduce((section, each) => each!(section), section);
    }
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD": {
      const form = step.type;
      return (section) => normalizeUnicode(section, form);
    }
    case "Prepend":
      return (section) => prepend(section, step.prepend ?? "");
    case "Replace":
      return compileReplace(step);
    default:
      return null;
  }
}

export interface NormalizerStep {
  type: string;
  normalizers?: NormalizerStep[];
  prepend?: string;
  pattern?: WrittenPattern;
  content?: string;
}

function compileReplace({ pattern = {}, content = "" }: NormalizerStep): Normalize | null {
  if (pattern.String?.length === 1 && content.length === 1) {
    const character = pattern.String;
    return (section) => replaceCharacter(section, character, content);
  }
  const compiled = compilePattern(pattern);
  return compiled && ((section) => replaceAll(section, compiled, content));
}
