// What the tasks of an array are called until each has been given the name of its run.

/**
 * After the attempt that gets its task last: no other project has that run, and while tasks wait for their runs it is one that has none.
 * Like ft-20261123-134501-k3f9-1-sweep-tiny-0a1b2c3d.
 */
export function arrayName(last: string, group: string): string {
  return `${last}-${group}`;
}

/** That attempt's run; null: it is no array of ft's. */
export function runOfArray(name: string): string | null {
  return /^ft-(\d{8}-\d{6}-[a-z0-9]+)-\d+-./.exec(name)?.[1] ?? null;
}
