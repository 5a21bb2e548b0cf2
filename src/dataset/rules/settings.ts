// Which rules run, and how severe their findings are: what a recipe's data.rules and `--rule` say.
import { FtError } from "../../errors.js";
import { nearest } from "../../nearest.js";
import type { ruleLevels as levelNames } from "../../recipes/schema/data.js";
import { type RuleId, ruleIds } from "../rules.js";

type Level = (typeof levelNames)[number];

/** Level by rule id, or by the letters that ids begin with and a star: {"QUAL*": "off", QUAL004: "error"}. */
export type WrittenRules = Readonly<Record<string, Level>>;

/** Of a rule; undefined: as the table has it. */
export type RuleLevels = (rule: string) => Level | undefined;

/**
 * The longer name decides, so that a rule can be told from its family.
 * @throws FtError data.unknown-rule (exit `exit`)
 */
export function ruleLevels(written: WrittenRules, exit: "usage" | "recipe" = "recipe"): RuleLevels {
  for (const name of Object.keys(written)) if (matches(name).length === 0) throw unknownRule(name, exit);
  const levels = new Map<string, Level>();
  const shortestFirst = Object.entries(written).toSorted(([a], [b]) => a.length - b.length);
  for (const [name, level] of shortestFirst) for (const rule of matches(name)) levels.set(rule, level);
  return (rule) => levels.get(rule);
}

function matches(name: string): RuleId[] {
  return name.endsWith("*")
    ? ruleIds.filter((rule) => rule.startsWith(name.slice(0, -1)))
    : ruleIds.filter((rule) => rule === name);
}

/** @throws FtError data.unknown-rule (exit usage) */
export function ruleNamed(name: string): RuleId {
  const id = ruleIds.find((rule) => rule === name.toUpperCase());
  if (!id) throw unknownRule(name, "usage");
  return id;
}

function unknownRule(name: string, exit: "usage" | "recipe"): FtError {
  const near = nearest(name, ruleIds);
  return new FtError({
    code: "data.unknown-rule",
    exit,
    message: `there is no data rule ${name}`,
    next: near ? `did you mean ${near}? \`ft data explain\` lists all` : "`ft data explain` lists all",
  });
}
