// The night as JSON: what a script branches on.
import type { Night } from "../../pipeline/ci/night.js";

export function nightJson({ failure: _, failedIn: __, data, decision, ...night }: Night): Record<string, unknown> {
  return {
    ok: night.outcome === "promoted" || night.outcome === "unchanged",
    ...night,
    data: data && { before: data.before, rows: data.diff.rows, drift: driftOf(data.diff) },
    decision,
  };
}

function driftOf({ drift: { numbers, values } }: NonNullable<Night["data"]>["diff"]): Record<string, unknown>[] {
  return [...numbers, ...values].map(({ name, psi, level }) => ({ name, psi, level }));
}
