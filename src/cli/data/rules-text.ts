// The list of rules for people: by family, one a line.
import { families, ruleIds, rules } from "../../dataset/rules.js";

export function rulesText(): string {
  const sections = Object.entries(families).map(([family, about]) => {
    const lines = ruleIds
      .filter((id) => id.replace(/\d+$/, "") === family)
      .map((id) => `  ${id.padEnd(8)} ${rules[id].severity.padEnd(8)} ${rules[id].title}`);
    return `${family}: ${about}\n${lines.join("\n")}\n`;
  });
  return `${sections.join("\n")}\nft data explain <rule> says more.\n`;
}
