// The formulas of src/eval against scipy and statsmodels themselves, in an environment of their own that is made once.
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { meanBound } from "../src/eval/mean-bound.js";
import { pairedDifference } from "../src/eval/paired-difference.js";
import { itemsNeeded } from "../src/eval/power.js";
import { normalQuantile, tQuantile } from "../src/eval/quantiles.js";
import { seededRandom } from "../src/eval/random.js";
import { pairedScoreBound } from "../src/eval/score-bound.js";
import { pairedProportionInterval } from "../src/eval/statistics.js";
import { meanAndError, unitsOf } from "../src/eval/units.js";
import { packageRoot } from "../src/paths.js";
import { made, uv } from "./engine-packages.js";

const pins = ["numpy==2.4.6", "scipy==1.17.1", "statsmodels==0.15.0"];
const random = seededRandom(7);
const whole = (below: number): number => Math.floor(random() * below);

/** Every small table at its edges, and random ones of usual sizes. */
const tables = [
  ...[0, 1, 3].flatMap((gained) => [0, 1, 3, 12].map((lost) => ({ gained, lost, n: 100 }))),
  ...Array.from({ length: 40 }, () => ({ gained: whole(60), lost: whole(60), n: 120 + whole(2000) })),
  ...[
    { gained: 7, lost: 3, n: 10 },
    { gained: 4000, lost: 5000, n: 50_000 },
  ],
];
const counts = Array.from({ length: 40 }, () => ({
  ...{ both: 1 + whole(300), baseOnly: whole(40), adapterOnly: whole(40), neither: 1 + whole(100) },
}));
const quantiles = [0.5, 0.6, 0.8, 0.9, 0.95, 0.975, 0.99, 0.999, 1 - 1e-6, 0.05, 1e-4];
const freedoms = [1, 2, 3, 4, 9, 19, 20, 99, 400, 999, 1000, 1001, 1999, 49_999];
/** In groups of other sizes. */
const values = Array.from({ length: 3000 }, () => random() ** 3 - 0.2);
const groups = values.map((_, i) => (i < 1500 ? Math.floor(i / 3) : Math.floor(i / 7)));
const sizes = [
  [0.1, 0.02, 0, 0.95, 0.8],
  [0.3, 0.03, 0.01, 0.9, 0.9],
  [0.017, 0.01, -0.005, 0.99, 0.5],
] as const;

let answers: unknown[];
const cases: unknown[][] = [
  ...tables.map(({ gained, lost, n }) => ["tango", gained, lost, n, 0.95]),
  ...counts.map(({ both, baseOnly, adapterOnly, neither }) => ["newcombe", both, baseOnly, adapterOnly, neither]),
  ...quantiles.map((p) => ["normal", p]),
  ...quantiles.flatMap((p) => freedoms.map((df) => ["t", p, df])),
  ["tBound", values, 0.95],
  ["clusterError", values, groups],
  ...sizes.map((each) => ["sampleSize", ...each]),
];
const answersTo = (name: string): unknown[] => answers.filter((_, i) => cases[i]![0] === name);

beforeAll(async () => {
  const venv = await made("statistics-python", async (dir) => {
    await uv(["venv", "--no-project", "--python", process.env.FT_TEST_PYTHON as string, dir]);
    await uv(["pip", "install", "--python", join(dir, "bin/python"), ...pins]);
  });
  const { stdout } = await execa(
    join(venv, "bin/python"),
    [join(packageRoot, "test/fixtures/statistics/reference.py")],
    { input: JSON.stringify(cases) },
  );
  answers = JSON.parse(stdout);
}, 600_000);

describe("statistics, to 1e-9 of scipy's and statsmodels'", () => {
  it("quantiles of the normal and of Student's t distribution", () => {
    const normal = answersTo("normal") as number[];
    for (const [i, p] of quantiles.entries()) expect(normalQuantile(p)).toBeCloseTo(normal[i]!, 9);
    const t = answersTo("t") as number[];
    for (const [i, p] of quantiles.entries())
      for (const [j, df] of freedoms.entries()) {
        const expected = t[i * freedoms.length + j]!;
        const off = Math.abs(tQuantile(p, df) - expected) / Math.max(1, Math.abs(expected));
        expect(off, `${p} ${df}`).toBeLessThan(1e-9);
      }
  });

  it("Tango's bound, where the reference maximises the likelihood by itself", () => {
    const bounds = answersTo("tango") as number[];
    for (const [i, table] of tables.entries())
      expect(pairedScoreBound(table, 0.95), JSON.stringify(table)).toBeCloseTo(bounds[i]!, 9);
  });

  it("Tango's interval as R's contingencytables prints it for Cavo et al. (2012)", () => {
    const low = pairedScoreBound({ gained: 6, lost: 16, n: 161 }, 0.975);
    const high = -pairedScoreBound({ gained: 16, lost: 6, n: 161 }, 0.975);
    expect([low.toFixed(4), high.toFixed(4)]).toEqual(["-0.1240", "-0.0054"]);
  });

  it("Newcombe's interval from Wilson's", () => {
    const limits = answersTo("newcombe") as [number, number][];
    for (const [i, table] of counts.entries()) {
      const { low, high } = pairedProportionInterval(table);
      expect(low).toBeCloseTo(limits[i]![0], 9);
      expect(high).toBeCloseTo(limits[i]![1], 9);
    }
  });

  it("Student's t bound of many items, and the standard error of grouped ones", () => {
    const single = { sums: values, sizes: values.map(() => 1) };
    expect(meanBound(single, { confidence: 0.95 })).toBeCloseTo((answersTo("tBound") as number[])[0]!, 9);
    const { error } = meanAndError(unitsOf(values, groups.map(String)));
    expect(error).toBeCloseTo((answersTo("clusterError") as number[])[0]!, 9);
    const zeros = values.map(() => 0);
    const { low, difference, high } = pairedDifference(zeros, values, { clusters: groups.map(String), scale: null })!;
    const half = tQuantile(0.975, new Set(groups).size - 1) * error;
    expect([difference - low, high - difference]).toEqual([expect.closeTo(half, 9), expect.closeTo(half, 9)]);
  });

  it("the number of items that a margin needs", () => {
    const needed = answersTo("sampleSize") as number[];
    for (const [i, [variance, margin, effect, confidence, power]] of sizes.entries())
      expect(itemsNeeded(variance, margin, { effect, confidence, power })).toBe(needed[i]);
  });
});
