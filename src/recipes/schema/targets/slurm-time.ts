// A time limit as Slurm writes it: minutes, mm:ss, h:mm:ss, d-hh, d-hh:mm, d-hh:mm:ss, or a word for none.
export const slurmTime = /^(\d+(:\d{1,2}){0,2}|\d+-\d{1,2}(:\d{1,2}){0,2})$/;

/** Infinity: no limit, which Slurm writes as 0 or `infinite` too. */
export function secondsOf(time: string): number {
  if (!slurmTime.test(time)) return Number.POSITIVE_INFINITY;
  const [clock, days] = time.split("-").reverse() as [string, string | undefined];
  const parts = clock.split(":").map(Number);
  const hours = days === undefined && parts.length < 3 ? [0, ...parts] : parts;
  const [h = 0, m = 0, s = 0] = hours;
  return Number(days ?? 0) * 86_400 + h * 3_600 + m * 60 + s || Number.POSITIVE_INFINITY;
}
