// `ft data add-failures`: the items that an evaluation's subject failed on, into a file for review.
import { resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import type { EvaluationManifest, Metric } from "../../eval/record.js";
import type { ReviewCandidate } from "../../eval/review-file.js";
import { counted } from "../../report/number.js";
import type { Store } from "../../store/open.js";
import { type Io, writeJson } from "../io.js";
import { outputName } from "../output-name.js";
import type { CommandContext } from "../program.js";

interface Flags {
  suite?: string;
  metric?: string;
  worseThan?: number;
  out: string;
  json?: boolean;
}

export function registerDataAddFailures(data: Command, { io }: CommandContext): void {
  data
    .command("add-failures <evaluation>")
    .description("write the items that failed into a file for review, never into training data")
    .addHelpText("after", "\n<evaluation>: an id (ft eval show), or base, a line, name@version, name@champion")
    .option("--suite <name>", "only this suite (default: all that the subject was evaluated on)")
    .option("--metric <name>", "which score says that an item failed (default: the suite's first yes/no metric)")
    .option("--worse-than <score>", "failed is what scores worse than it (default: a no)", score)
    .option(
      "--out <file>",
      "JSON lines to add to; what is there already is not added again",
      outputName,
      "review.jsonl",
    )
    .option("--json", "print {added, known, file, suites}")
    .action((asked: string, flags: Flags) => addFailures(io, asked, flags));
}

async function addFailures(io: Io, asked: string, flags: Flags): Promise<void> {
  const { withEvaluations } = await import("../eval/with-evaluations.js");
  const { evaluationsOf } = await import("../eval/evaluations-of.js");
  const { indexEvaluations, listEvaluations } = await import("../../eval/record-store.js");
  const { addToReview } = await import("../../eval/review-file.js");
  const { withFileLock } = await import("../../file-lock.js");
  const file = resolve(io.cwd, flags.out);
  await withEvaluations(io, async (store) => {
    indexEvaluations(store, io.cwd, { anew: false });
    const all = listEvaluations(store).filter(({ suite }) => flags.suite === undefined || suite.name === flags.suite);
    const suites: { name: string; metric: string; candidates: ReviewCandidate[] }[] = [];
    const problems: string[] = [];
    for (const manifest of evaluationsOf(io.cwd, all, asked)) {
      const found = await failuresOf(store, io.cwd, manifest, flags);
      if ("problem" in found) problems.push(found.problem);
      else suites.push({ name: manifest.suite.name, ...found });
    }
    if (suites.length === 0) throw await nothingSays(problems);
    for (const problem of problems) io.err.write(`note: ${problem}\n`);
    const failures = suites.flatMap(({ candidates }) => candidates);
    const added = await withFileLock(`${file}.lock`, () => addToReview(file, failures));
    const told = suites.map(({ name, metric, candidates }) => ({ name, metric, failed: candidates.length }));
    if (flags.json) return writeJson(io, { ok: true, added, known: failures.length - added, file, suites: told });
    for (const { name, metric, failed } of told) io.out.write(`${name}/${metric}: ${counted(failed, "item")} failed\n`);
    const known =
      failures.length === added ? "" : `, ${(failures.length - added).toLocaleString("en")} were there already`;
    io.out.write(`${counted(added, "candidate")} added to ${flags.out}${known}\n`);
    if (added > 0) io.err.write(`note: ${trainedSuite}\n`);
  });
}

const trainedSuite = "write rows like these for training: a suite's own items, trained on, measure nothing any more";

async function failuresOf(
  store: Store,
  projectDir: string,
  manifest: EvaluationManifest,
  flags: Flags,
): Promise<{ metric: string; candidates: ReviewCandidate[] } | { problem: string }> {
  const { itemsWorseThan } = await import("../../eval/record-store.js");
  const { inputsOf } = await import("../../eval/suites/suite-inputs.js");
  const { subjectLabel } = await import("../../pipeline/suites/subject.js");
  const { id, suite, subject, endedAt } = manifest;
  const said = await failing(store, manifest, flags);
  if ("problem" in said) return said;
  const { metric, limit } = said;
  const failed = itemsWorseThan(store, id, metric, limit);
  const inputs = inputsOf(
    projectDir,
    suite.sha256,
    failed.map(({ item }) => item),
  );
  const candidates = failed.map(({ item, inputSha256, output, scores }): ReviewCandidate => {
    const { messages = null, reference = null, file = null, line = null } = inputs.get(item) ?? {};
    return {
      ...{ messages, reference, output, scores },
      from: {
        ...{
          evaluation: id,
          suite: suite.name,
          suite_sha256: suite.sha256,
          item,
          input_sha256: inputSha256,
          file,
          line,
        },
        ...{ subject: subjectLabel(subject), base: subject.base, metric: metric.name },
        evaluated_at: new Date(endedAt).toISOString(),
      },
    };
  });
  return { metric: metric.name, candidates };
}

/** What says that an item of this evaluation failed, or why nothing does. */
async function failing(
  store: Store,
  { id, suite }: EvaluationManifest,
  { metric: name, worseThan }: Flags,
): Promise<{ metric: Metric; limit: number } | { problem: string }> {
  const { scoreColumns } = await import("../../eval/record-store.js");
  const { scores } = scoreColumns(store, id);
  const isYesNo = (metric: Metric) => scores[metric.name]!.every((each) => each === null || each === 0 || each === 1);
  const { metrics } = suite;
  const metric = name === undefined ? (metrics.find(isYesNo) ?? metrics[0]) : metrics.find((one) => one.name === name);
  if (!metric) {
    const there = metrics.map((one) => one.name).join(", ") || "none";
    return { problem: `suite ${suite.name} has no metric ${name ?? ""} (it has: ${there})` };
  }
  if (worseThan !== undefined) return { metric, limit: worseThan };
  if (isYesNo(metric)) return { metric, limit: metric.better === "higher" ? 1 : 0 };
  return { problem: `${suite.name}/${metric.name} is no yes or no: --worse-than says from where on an item failed` };
}

async function nothingSays(problems: string[]) {
  const { FtError } = await import("../../errors.js");
  return new FtError({
    code: "usage.no-failures",
    exit: "usage",
    message: "nothing says which items failed",
    problems: problems.map((message) => ({ message })),
    next: "give --metric, --worse-than or --suite",
  });
}

function score(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && text.trim() !== "") return value;
  throw new InvalidArgumentError("give a number, for example 0.5.");
}
