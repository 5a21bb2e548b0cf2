// What an attempt is called on every platform, so that it is found again by its name and never started twice.

/** Like ft-20261123-134501-k3f9-1: a valid name of a Kubernetes object, a Docker container, a cloud job. */
export function attemptName(run: string, attempt: number): string {
  return `ft-${run}-${attempt}`;
}

/** Null: not one of ft's. */
export function parseAttemptName(name: string): { run: string; attempt: number } | null {
  const [, run, attempt] = /^ft-(\d{8}-\d{6}-[a-z0-9]+)-(\d+)$/.exec(name) ?? [];
  return run && attempt ? { run, attempt: Number(attempt) } : null;
}

/** What is named after an attempt, and after each one before it: an ft that was killed looks at the end of none. */
export function upToAttempt(attempt: number, nameOf: (attempt: number) => string): string[] {
  return Array.from({ length: attempt }, (_, before) => nameOf(before + 1));
}
