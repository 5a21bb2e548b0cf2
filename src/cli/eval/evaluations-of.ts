// Which of the stored evaluations a person means who names one, or a subject.
import { aliasesOf } from "../../adapters/aliases.js";
import { FtError } from "../../errors.js";
import type { EvaluationManifest } from "../../eval/record.js";
import { subjectLabel } from "../../pipeline/suites/subject.js";

/**
 * `asked`: an evaluation's id; or base, name@version, name@alias or a line (its newest version that was evaluated): then of each suite the newest.
 * `all`: newest first. Throws FtError eval.nothing-stored (usage).
 */
export function evaluationsOf(projectDir: string, all: EvaluationManifest[], asked: string): EvaluationManifest[] {
  const byId = all.filter(({ id }) => id === asked);
  if (byId.length > 0) return byId;
  const label = labelOf(projectDir, all, asked);
  const own = all.filter(({ subject }) => subjectLabel(subject) === label);
  const found = own.filter(({ suite }, index) => own.findIndex((one) => one.suite.name === suite.name) === index);
  if (found.length > 0) return found;
  const known = [...new Set(all.map(({ subject }) => subjectLabel(subject)))];
  throw new FtError({
    code: "eval.nothing-stored",
    exit: "usage",
    message: `no evaluation of ${asked} is stored here`,
    ...(known.length > 0 && { why: `there are evaluations of: ${known.slice(0, 8).join(", ")}` }),
    next: `evaluate it: ft eval run ${asked}`,
  });
}

function labelOf(projectDir: string, all: EvaluationManifest[], asked: string): string {
  const newest = all.find(({ subject }) => subject.name === asked)?.subject;
  if (newest) return subjectLabel(newest);
  const [name = "", alias = ""] = asked.split("@");
  const version = all.some(({ subject }) => subject.name === name) ? aliasesOf(projectDir, name)[alias] : undefined;
  return version === undefined ? asked : subjectLabel({ name, version });
}
