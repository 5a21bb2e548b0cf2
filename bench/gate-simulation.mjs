// What the gate's default rule does when the truth is known: how often it promotes what is worse or better, and where sixty nights of it lead.
import { gate } from "../dist/eval/gate.js";
import { normalCdf, normalQuantile } from "../dist/eval/quantiles.js";
import { seededRandom } from "../dist/eval/random.js";
import { gateSchema } from "../dist/recipes/schema/gate.js";

const rule = gateSchema.parse({});
const level = 0.8;

/** `scale`: 1 for the bench's figures; a test runs a small part of it. */
function simulateGate(scale) {
  const times = (n) => Math.max(10, Math.round(n * scale));
  return {
    yesNo: [0.05, 0.1, 0.2, 0.3].map((discordance) => yesNoRates(discordance, times(1000))),
    loss: [false, true].map((grouped) => lossRates(grouped, times(300))),
    nights: [
      nights({ items: 400, discordance: 0.1, mean: -0.005, spread: 0.01 }, times(100)),
      nights({ items: 2000, discordance: 0.06, mean: -0.007, spread: 0.01 }, times(40)),
    ],
  };
}

/** P(promote) on 400 yes/no items, of which the two differ on a share `discordance`, by how much better the candidate truly is. */
function yesNoRates(discordance, repeats) {
  const random = seededRandom(1);
  const rates = [-0.03, -0.02, 0, 0.03].map((effect) => {
    const promoted = count(repeats, () => {
      const champion = answers(400, random);
      return passes({ champion, candidate: changed(champion, level, effect, discordance, random) });
    });
    const error = Math.sqrt((discordance - effect ** 2) / 400);
    const expected = normalCdf((effect + rule.margin) / error - normalQuantile(rule.confidence));
    return { effect, promoted: promoted / repeats, expected };
  });
  return { discordance, items: 400, repeats, rates };
}

/** P(promote) on 400 losses, by how much lower the candidate's truly are; grouped: ten items each share half of what moves them. */
function lossRates(grouped, repeats) {
  const random = seededRandom(2);
  const rates = [-0.02, -0.01, 0, 0.01].map((effect) => {
    const promoted = count(repeats, () => {
      const shared = Array.from({ length: 40 }, () => normal(random));
      const losses = Array.from({ length: 400 }, (_, i) => {
        const champion = Math.exp(0.5 * normal(random));
        const moved =
          Math.SQRT1_2 * (grouped ? shared[Math.floor(i / 10)] : normal(random)) + Math.SQRT1_2 * normal(random);
        return { champion, candidate: champion * (1 - effect + 0.08 * moved) };
      });
      const cluster = grouped ? (i) => `group ${Math.floor(i / 10)}` : () => null;
      const side = (name) =>
        sideOf(
          losses.map((each) => each[name]),
          { metric: "loss", cluster },
        );
      return (
        gate({ champion: side("champion"), candidate: side("candidate"), anchor: null }, rule).verdict === "promote"
      );
    });
    return { effect, promoted: promoted / repeats };
  });
  return { grouped, items: 400, repeats, rates };
}

/**
 * Sixty nights: each candidate is the champion of the evening before, changed by something drawn from N(mean, spread), mostly for the worse,
 * on a suite that stays the same. Where the champion truly ends against the start, in points, by the rule that promotes.
 */
function nights({ items, discordance, mean, spread }, histories) {
  const rules = {
    "observed: at most 2 points lower": ({ champion, candidate }) => average(candidate) - average(champion) >= -0.02,
    "champion alone": ({ champion, candidate }) => passes({ champion, candidate }),
    "champion and anchor": passes,
  };
  const ends = Object.entries(rules).map(([name, promotes]) => {
    const truths = Array.from({ length: histories }, (_, history) => {
      const random = seededRandom(1000 + history);
      const anchor = answers(items, random);
      let [champion, truth] = [anchor, level];
      for (let night = 0; night < 60; night++) {
        const change = Math.min(0.98 - truth, Math.max(0.02 - truth, mean + spread * normal(random)));
        const candidate = changed(champion, truth, change, discordance, random);
        if (promotes({ champion, candidate, anchor })) [champion, truth] = [candidate, truth + change];
      }
      return 100 * (truth - level);
    }).sort((a, b) => a - b);
    const at = (share) => truths[Math.floor(share * (histories - 1))];
    return { rule: name, mean: average(truths), low: at(0.05), high: at(0.95) };
  });
  return { items, discordance, mean, spread, histories, ends };
}

function passes({ champion, candidate, anchor = null }) {
  const sides = {
    champion: sideOf(champion, { metric: "exact_match" }),
    candidate: sideOf(candidate, { metric: "exact_match" }),
    anchor: anchor && sideOf(anchor, { metric: "exact_match" }),
  };
  return gate(sides, rule).verdict === "promote";
}

function sideOf(scores, { metric, cluster = () => null }) {
  const items = scores.map((score, i) => [
    String(i),
    { inputSha256: null, cluster: cluster(i), scores: { [metric]: score } },
  ]);
  const metrics = [
    { name: metric, better: metric === "loss" ? "lower" : "higher", scale: metric === "loss" ? null : [0, 1] },
  ];
  const suites = [{ suite: "tickets", sha256: "", decoding: "", metrics, items: new Map(items) }];
  return { label: metric, base: null, templateSha256: null, suites };
}

function answers(n, random) {
  return Array.from({ length: n }, () => (random() < level ? 1 : 0));
}

/** Of the true share `truth` of right answers some turn wrong and of the others some right, so that `effect` and `discordance` come out. */
function changed(scores, truth, effect, discordance, random) {
  const differ = Math.max(discordance, Math.abs(effect));
  const [lose, win] = [(differ - effect) / 2 / truth, (differ + effect) / 2 / (1 - truth)];
  return scores.map((score) => (random() < (score ? lose : win) ? 1 - score : score));
}

function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function average(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function count(repeats, happens) {
  return Array.from({ length: repeats }, happens).filter(Boolean).length;
}

export function benchGateSimulation(scale = 1, print = console.log) {
  const result = simulateGate(scale);
  const percent = (share) => `${(100 * share).toFixed(1)} %`.padStart(8);
  const points = (value) => `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(1)}`.padStart(6);
  print(
    "gate, default rule: P(promote) on 400 yes/no items, by the true difference (in brackets what ft eval power expects)",
  );
  print(
    `  items that differ ${result.yesNo[0].rates.map(({ effect }) => `${points(100 * effect)} points`.padStart(20)).join("")}`,
  );
  for (const { discordance, rates } of result.yesNo)
    print(
      `  ${percent(discordance)}          ${rates.map(({ promoted, expected }) => `${percent(promoted)} (${percent(expected)})`.padStart(20)).join("")}`,
    );
  print("gate, default rule: P(promote) on 400 losses, by how much lower they truly are");
  print(
    `                    ${result.loss[0].rates.map(({ effect }) => `${points(100 * effect)} %`.padStart(10)).join("")}`,
  );
  for (const { grouped, rates } of result.loss)
    print(
      `  ${grouped ? "groups of ten   " : "each by itself  "}  ${rates.map(({ promoted }) => percent(promoted).padStart(10)).join("")}`,
    );
  for (const { items, discordance, mean, spread, histories, ends } of result.nights) {
    print(
      `sixty nights on ${items} items, candidates that truly are ${points(100 * mean)} ±${(100 * spread).toFixed(1)} points of their champion and differ on${percent(discordance)} of the items (${histories} histories)`,
    );
    for (const { rule: name, mean: end, low, high } of ends)
      print(`  ${name.padEnd(34)} ends at ${points(end)} points  (${points(low)} to ${points(high)})`);
  }
  return result;
}
