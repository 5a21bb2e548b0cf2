// `--set eval.max_new_tokens=256` for a run that has ended: only the recipe's `eval` part can still change.
import { parse as parseYaml } from "yaml";
import { FtError } from "../errors.js";

/** By key without `eval.`; values as YAML reads them. Throws FtError `eval.setting` (usage). Keys and values are checked by evaluateRun. */
export function changedSettings(assignments: string[]): Record<string, unknown> {
  return Object.fromEntries(
    assignments.map((assignment) => {
      const [, key, value] = /^eval\.([a-z_]+)=(.+)$/.exec(assignment) ?? [];
      if (!key || !value) throw notASetting(assignment);
      return [key, parseYaml(value) as unknown];
    }),
  );
}

function notASetting(assignment: string): FtError {
  return new FtError({
    code: "eval.setting",
    exit: "usage",
    message: `--set ${assignment} is not eval.<key>=<value>`,
    why: "the run has ended: what it was trained with cannot change any more",
    next: "for example: ft eval --set eval.max_new_tokens=256",
  });
}
