// What a run costs on rented hardware: hours times price, cheapest to dearest.
import type { Band } from "./memory/allocator.js";
import type { Price, Rates } from "./prices.js";

export interface CostPlan {
  /** US dollars: short and cheap, as estimated at the middle price, long and dear. */
  usd: Band;
  /** Of one GPU and hour. */
  rates: Record<keyof Rates, Pick<Price, "provider" | "kind" | "usdHour" | "date" | "source">>;
  gpus: number;
  /** Age of the middle price in days; null: its source gives no date. */
  ageDays: number | null;
}

/** After so many days a price is called old. */
export const oldPriceDays = 90;

/** `seconds`: of the whole run, as the machine is rented for all of it. `now`: epoch milliseconds. */
export function costPlan(seconds: Band, { low, mid, high }: Rates, gpus: number, now: number): CostPlan {
  const dollars = (duration: number, { usdHour }: Price): number => (duration / 3600) * usdHour * gpus;
  return {
    usd: { low: dollars(seconds.low, low), mid: dollars(seconds.mid, mid), high: dollars(seconds.high, high) },
    rates: { low: shown(low), mid: shown(mid), high: shown(high) },
    gpus,
    ageDays: ageDays(mid, now),
  };
}

function shown({ provider, kind, usdHour, date, source }: Price): CostPlan["rates"]["mid"] {
  return { provider, kind, usdHour, date, source };
}

/** A month without a day counts from its first. */
function ageDays({ date }: Price, now: number): number | null {
  if (date === null) return null;
  return Math.max(0, Math.floor((now - Date.parse(date.length === 7 ? `${date}-01` : date)) / 86_400_000));
}
