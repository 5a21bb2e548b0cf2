// Prices, cost and budget: whose price counts, what is within the limits, what the trainer is held to.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyFolder } from "../../test/project.js";
import { judgeBudget, runLimits } from "./budget.js";
import { costPlan } from "./cost-plan.js";
import { gpuCatalogue } from "./gpus.js";
import { priceTable, ratesOf } from "./prices.js";
import type { DiskPlan } from "./storage-plan.js";

const home = emptyFolder();
const hour = { low: 1800, mid: 3600, high: 7200 };
const now = Date.parse("2026-11-27");

describe("the price table", () => {
  it("has a source for every row, a GPU that ft knows, and no date in the future", () => {
    const known = new Set(gpuCatalogue({ HOME: home }).map(({ alias }) => alias));
    const rows = priceTable({ HOME: home });
    expect(rows.length).toBeGreaterThan(50);
    for (const { gpu, source, date, usdHour } of rows) {
      expect(known, gpu).toContain(gpu);
      expect(source.length).toBeGreaterThan(3);
      expect(usdHour).toBeGreaterThan(0);
      if (date !== null) expect(Date.parse(date.length === 7 ? `${date}-01` : date)).toBeLessThan(now);
    }
  });

  it("takes the middle of on-demand prices, the cheapest and the dearest of all, and a person's own in their place", () => {
    const rates = ratesOf("h100-sxm", priceTable({ HOME: home }))!;
    expect(rates.low).toMatchObject({ kind: "spot", provider: "Verda" });
    expect(rates.mid).toMatchObject({ kind: "on-demand", provider: "RunPod", usdHour: 3.99 });
    expect(rates.high).toMatchObject({ provider: "AWS" });
    const file = join(home, "mine.jsonl");
    writeFileSync(file, '{"gpu": "h100-sxm", "provider": "ours", "usdHour": 1.5, "date": "2026-11-01"}\n');
    const own = ratesOf("h100-sxm", priceTable({ HOME: home, FT_PRICES: file }))!;
    expect([own.low.usdHour, own.mid.usdHour, own.high.usdHour]).toEqual([1.5, 1.5, 1.5]);
    expect(ratesOf("rtx4070", priceTable({ HOME: home }))).toBeNull();
  });

  it("says what is wrong with a file of prices, with its line", () => {
    const file = join(home, "wrong.jsonl");
    writeFileSync(file, '// ours\n{"gpu": "l4", "provider": "ours", "usd_hour": 1}\n');
    expect(() => priceTable({ HOME: home, FT_PRICES: file })).toThrow(
      expect.objectContaining({ code: "plan.prices-invalid", where: { file, line: 2 } }),
    );
  });
});

const rates = ratesOf("a100-80g", priceTable({ HOME: home }))!;
const cost = costPlan(hour, rates, 2, now);
const disk = { total: 30e9 } as DiskPlan;

describe("cost", () => {
  it("is hours times price times GPUs, and knows how old the price is", () => {
    expect(cost.usd.mid).toBeCloseTo(2 * rates.mid.usdHour);
    expect(cost.usd.low).toBeCloseTo(rates.low.usdHour);
    expect(cost.usd.high).toBeCloseTo(4 * rates.high.usdHour);
    expect(cost.ageDays).toBe(18);
  });
});

describe("budget", () => {
  const judge = (budget: Parameters<typeof judgeBudget>[0], known = true) =>
    judgeBudget(budget, known ? { seconds: hour, cost, disk } : { seconds: null, cost: null, disk })!;

  it("is within, may be exceeded, is exceeded, or can't be told; the worst counts", () => {
    expect(judgeBudget(undefined, { seconds: hour, cost, disk })).toBeNull();
    expect(judge({ hours: 3 }).verdict).toBe("within");
    expect(judge({ hours: 1.5 }).verdict).toBe("may exceed");
    expect(judge({ hours: 3, disk_gb: 20 }).verdict).toBe("exceeds");
    expect(judge({ usd: 100 }, false).verdict).toBe("unknown");
  });

  it("becomes seconds over all attempts, by the tighter of hours and dollars", () => {
    expect(runLimits({ hours: 2 }, null, 1)).toEqual({
      seconds: 7200,
      secondsFrom: "compute.budget.hours",
      bytes: null,
    });
    const dollars = runLimits({ hours: 2, usd: rates.mid.usdHour, disk_gb: 5 }, rates, 1)!;
    expect(dollars).toEqual({ seconds: 3600, secondsFrom: "compute.budget.usd", bytes: 5e9 });
    expect(runLimits({ usd: rates.mid.usdHour }, rates, 4)!.seconds).toBe(900);
    expect(runLimits(undefined, rates, 1)).toBeNull();
  });
});
