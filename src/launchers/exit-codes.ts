// Exit codes of trainer/run.py that platforms are told about (trainer/ft_trainer/exit_codes.py).

/** Interrupted, everything saved: to be started again. */
export const resumeMe = 33;

/** Whether a platform's words of a job's end say that its time was up: 124 is the exit code of `timeout`, under which ft runs it there. */
export function isOutOfTime(words: string): boolean {
  return /\bexit codes?\W+(\d+, ?)*124\b|\bjob (timeout|timed out)\b/i.test(words);
}
