// The page: one file, nothing loaded, and whatever the rows say stays text.
import { expect, test } from "vitest";
import type { Report } from "./block.js";
import { reportHtml } from "./to-html.js";

const hostile = `</script><script>alert(1)</script><img src=x onerror="alert(1)">' onmouseover='x \u202egnp.exe \u0000\u001b[31m &amp;`;

const report: Report = {
  title: hostile,
  subtitle: hostile,
  blocks: [
    {
      kind: "facts",
      title: hostile,
      facts: [{ name: hostile, value: hostile }],
      notes: [{ text: hostile, level: "bad" }],
    },
    { kind: "bars", title: hostile, bars: [{ name: hostile, count: 3, detail: hostile }] },
    {
      kind: "histogram",
      ...{ title: hostile, unit: hostile, edges: [0, 10, 20], isOpen: true, summary: hostile },
      series: [
        { name: hostile, counts: [1, 5, 2] },
        { name: "after", counts: [2, 2, 2] },
      ],
      mark: { at: 12, name: hostile },
    },
    {
      kind: "curve",
      ...{ title: hostile, summary: hostile, x: { unit: hostile, values: [0, 100, 200] } },
      y: { unit: hostile, low: [1, 2, 3], mid: [2, 4, 6], high: [3, 6, 9] },
      limit: { at: 5, name: hostile },
      mark: { at: 150, name: hostile },
    },
    {
      kind: "plot",
      ...{
        title: hostile,
        summary: hostile,
        x: { unit: hostile, names: [hostile, "b"] },
        y: { unit: hostile },
        one: hostile,
      },
      series: [{ name: hostile, isBest: true, points: [0, 1].map((x) => ({ x, y: 2 * x, shown: hostile })) }],
    },
    { kind: "table", title: hostile, columns: [{ head: hostile }], rows: [{ cells: [hostile] }] },
  ],
};

const page = reportHtml(report, Date.UTC(2026, 0, 2));

test("text of rows makes no tag and no attribute", () => {
  const tags = new Set([...page.matchAll(/<\/?([^\s>/]+)/g)].map(([, name]) => name));
  const known =
    "!doctype html head meta title style body header h1 p main section h2 dl dt dd div table tbody thead tr td th span svg text rect line polyline polygon circle details summary footer";
  expect([...tags].filter((tag) => !known.split(" ").includes(tag!))).toEqual([]);
  const withoutValues = page.replaceAll(/"[^"]*"/g, "");
  expect(withoutValues).not.toMatch(/<[^>]*\son\w+=/);
  expect(page).toContain("&lt;/script&gt;&lt;script&gt;alert(1)");
  expect(page).toContain("&amp;amp;");
});

test("control characters and marks that turn the text are shown, not obeyed", () => {
  expect(page).toContain("⟨U+202E⟩gnp.exe ␀␛[31m");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(page).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069]/);
});

test("nothing is loaded: no script, no address, and the page's own policy forbids both", () => {
  expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  expect(page).not.toMatch(/\b(src|href)="|url\(|@import/);
});

test("a plot has its figures in words, and as a table", () => {
  expect(page).toMatch(/<svg [^>]*role="img" aria-label="[^"]+"/);
  expect(page).toContain("<td>20 and more</td>");
  // The line, its band, and the limit at 5 of 1.06 times 9.
  expect(page).toMatch(/<polyline class="line" points="44,[\d., ]+"\/>/);
  expect(page).toContain('<td>200</td><td class="right">3</td><td class="right">6</td><td class="right">9</td>');
  expect(page).toMatch(/<polyline class="column second" points="44,[\d., ]+"\/>/);
});
