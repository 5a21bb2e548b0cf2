// `ft data explain [rule]`: what a data rule looks for, why, and how to mend or silence it; without a rule, the list.
import type { Command } from "commander";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";

export function registerDataExplain(data: Command, { io }: CommandContext): void {
  data
    .command("explain")
    .description("what a data rule looks for, why it matters, how to mend or silence it; without a rule: all rules")
    .argument("[rule]", "id of a rule, DUP001 for example")
    .option("--json", "print {rule, severity, title, why, fix, ...}, or a list of them")
    .action(async (rule: string | undefined, flags: { json?: boolean }) => {
      const { ruleIds, rules } = await import("../../dataset/rules.js");
      const { ruleNamed } = await import("../../dataset/rules/settings.js");
      if (rule === undefined) {
        if (flags.json) {
          writeJson(
            io,
            ruleIds.map((id) => ({ rule: id, severity: rules[id].severity, title: rules[id].title })),
          );
        } else io.out.write((await import("./rules-text.js")).rulesText());
        return;
      }
      const id = ruleNamed(rule);
      if (flags.json) writeJson(io, { rule: id, ...rules[id] });
      else io.out.write((await import("../../dataset/rules/rule-page.js")).rulePage(id));
    });
}
