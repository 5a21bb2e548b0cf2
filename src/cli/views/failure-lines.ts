// What a night failed with, as reports tell it: the message, each problem with its place, why, and what to do.
import { FtError, placeText } from "../../errors.js";

export function failureLines(failure: unknown): string[] {
  if (!(failure instanceof FtError)) return [failure instanceof Error ? failure.message : String(failure)];
  const { where, why, next, problems } = failure;
  return [
    failure.message,
    ...(where ? [`at ${placeText(where)}`] : []),
    ...problems.map((problem) => (problem.where ? `${placeText(problem.where)}: ${problem.message}` : problem.message)),
    ...(why ? [`why: ${why}`] : []),
    ...(next ? [`next: ${next}`] : []),
  ];
}
