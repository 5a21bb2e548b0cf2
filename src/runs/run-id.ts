// Run ids: sortable by time, short enough to type a prefix of.

/** Like 20261123-134501-k3f9 (UTC). `random` is in [0, 1). */
export function newRunId(now: number, random: number): string {
  const [date, time] = new Date(now).toISOString().split("T") as [string, string];
  const suffix = Math.floor(random * 36 ** 4)
    .toString(36)
    .padStart(4, "0");
  return `${date.replaceAll("-", "")}-${time.slice(0, 8).replaceAll(":", "")}-${suffix}`;
}
