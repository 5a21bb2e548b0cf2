// What `ft data stats` shows: the statistics of a dataset as blocks.

import { kindNames } from "../../dataset/rows-for.js";
import type { DatasetStats } from "../../dataset/stats/collect-stats.js";
import type { LengthSummary } from "../../dataset/stats/number-counts.js";
import type { Tally } from "../../dataset/stats/value-counts.js";
import type { Bar, Block, Histogram, Note, Report } from "../../report/block.js";
import { counted, number, percent } from "../../report/number.js";

export function statsReport(stats: DatasetStats, title: string): Report {
  const blocks: (Block | null)[] = [
    overview(stats),
    tokenLengths(stats),
    rowLengths(stats),
    roles(stats),
    languages(stats),
    scripts(stats),
    tools(stats),
    labels(stats),
    ...fields(stats),
    pairs(stats),
    turnOrders(stats),
    systemPrompts(stats),
    sources(stats),
  ];
  const files = counted(stats.sources.length, "file");
  return {
    title,
    subtitle: `${counted(stats.rows.usable, "row")} in ${files}`,
    blocks: blocks.filter((block) => block !== null),
  };
}

function overview({ rows, kinds, turns, chars, tokens, reasoningTurns, emptyTurns, whyNoTokens }: DatasetStats): Block {
  const facts = [
    {
      name: "rows",
      value:
        Object.entries(kinds)
          .map(([kind, count]) => kindText(kind, count))
          .join(", ") || "0",
    },
    { name: "copies", value: copiesText(rows) },
    ...(turns.count > 0
      ? [{ name: "turns", value: `${number(turns.mean)} a row on average, at most ${number(turns.max)}` }]
      : []),
    ...(reasoningTurns > 0 ? [{ name: "reasoning", value: `in ${counted(reasoningTurns, "turn")}` }] : []),
    ...(emptyTurns > 0 ? [{ name: "empty turns", value: number(emptyTurns) }] : []),
    { name: "characters", value: number(chars.row.sum) },
  ];
  if (tokens && tokens.sequences > 0) {
    const { packing, maxLength } = tokens;
    facts.push(
      { name: "tokens", value: `${number(tokens.length.sum)} in ${counted(tokens.sequences, "sequence")}` },
      { name: "trained", value: `${percent(tokens.trainedShare)} of the tokens, as ${tokens.engine} masks them` },
      {
        name: "if packed",
        value: `into ${counted(packing.sequences, "sequence")} of ${number(maxLength)} tokens, ${percent(packing.filled)} full (best-fit decreasing)`,
      },
    );
  }
  const notes: Note[] = [];
  if (rows.read > rows.usable) {
    notes.push({
      text: `${counted(rows.read - rows.usable, "row")} could not be used: ft data check tells why`,
      level: "warning",
    });
  }
  if (whyNoTokens) notes.push({ text: whyNoTokens });
  for (const { value, count } of tokens?.unknown ?? []) {
    notes.push({ text: `tokens of ${counted(count, "row")} are not known: ${value}`, level: "warning" });
  }
  return { kind: "facts", title: "overview", facts, notes };
}

function kindText(kind: string, count: number): string {
  const { one, many } = kindNames[kind as keyof typeof kindNames];
  return counted(count, one.replace(/^an? /, ""), many);
}

function copiesText({ exactCopies, looseCopies }: DatasetStats["rows"]): string {
  if (exactCopies + looseCopies === 0) return "none";
  return `${number(exactCopies)} exact, ${number(looseCopies)} more but for case and spaces`;
}

function tokenLengths({ tokens }: DatasetStats): Histogram | null {
  if (!tokens || tokens.sequences === 0) return null;
  const { length, maxLength, overLength, cutTokens, sequences, sequencesWithNothingTrained: nothing } = tokens;
  const notes: Note[] = [];
  if (overLength > 0) {
    const share = percent(overLength / sequences);
    const text = `${counted(overLength, "sequence")} (${share}) longer than max_length ${number(maxLength)}: ${counted(cutTokens, "token")} cut`;
    notes.push({ text, level: "warning" });
  } else notes.push({ text: `none is longer than max_length ${number(maxLength)}` });
  if (nothing > 0) notes.push({ text: `${counted(nothing, "sequence")} without a trained token`, level: "warning" });
  const mark = { at: maxLength, name: `max_length ${number(maxLength)}` };
  return { ...lengthHistogram("tokens of a sequence", "tokens", length), mark, notes };
}

function rowLengths({ chars }: DatasetStats): Histogram | null {
  return chars.row.count === 0 ? null : lengthHistogram("characters of a row", "characters", chars.row);
}

function lengthHistogram(title: string, unit: string, summary: LengthSummary): Histogram {
  const { histogram } = summary;
  return {
    kind: "histogram",
    ...{ title, unit },
    edges: histogram.map(({ from }) => from),
    isOpen: histogram.at(-1)?.to === null,
    series: [{ name: "count", counts: histogram.map(({ count }) => count) }],
    summary: lengthText(summary),
  };
}

function lengthText({ mean, p50, p90, p99, max }: Omit<LengthSummary, "histogram">): string {
  return `mean ${number(mean)}  p50 ${number(p50)}  p90 ${number(p90)}  p99 ${number(p99)}  max ${number(max)}`;
}

function roles({ roles: counts, chars }: DatasetStats): Block | null {
  const bars = Object.entries(counts).map(([role, count]) => {
    const { p50, p99 } = chars.ofRole[role]!;
    return { name: role, count, detail: `p50 ${number(p50)}, p99 ${number(p99)} characters` };
  });
  return bars.length === 0 ? null : { kind: "bars", title: "turns by role", bars };
}

function languages({ languages: { sampled, oneOf, top } }: DatasetStats): Block | null {
  if (sampled === 0) return null;
  const names = new Intl.DisplayNames("en", { type: "language" });
  const bars = top.map(({ value, count }) => {
    return { name: value === "unknown" ? value : (names.of(value) ?? value), count, detail: percent(count / sampled) };
  });
  const notes = oneOf > 1 ? [{ text: `of ${counted(sampled, "row")}: one of ${number(oneOf)}` }] : [];
  return { kind: "bars", title: "rows by language (guessed)", bars, notes };
}

function scripts({ scripts: all }: DatasetStats): Block | null {
  const bars = all.slice(0, 8).map(({ script, letters, share, rows }) => {
    return { name: script, count: letters, detail: `${percent(share)}, mainly in ${counted(rows, "row")}` };
  });
  return bars.length === 0 ? null : { kind: "bars", title: "letters by script", bars };
}

function tools({ tools: stats, rows }: DatasetStats): Block | null {
  const { rowsWithDefinitions, rowsWithCalls, rowsCallingUndefined, definitions, calls } = stats;
  if (rowsWithDefinitions + rowsWithCalls === 0) return null;
  const share = (count: number) => `${counted(count, "row")} (${percent(count / rows.usable)})`;
  const notes: Note[] = [
    { text: `${share(rowsWithDefinitions)} define tools, ${share(rowsWithCalls)} call them` },
    {
      text: `${number(definitions.distinct)} distinct tools defined, ${number(calls.distinct)} called, ${counted(calls.total, "call")}`,
    },
  ];
  if (rowsCallingUndefined > 0) {
    notes.push({
      text: `${counted(rowsCallingUndefined, "row")} call a tool that the row does not define`,
      level: "warning",
    });
  }
  return {
    kind: "bars",
    title: calls.total > 0 ? "tool calls" : "tools defined",
    bars: tallyBars((calls.total > 0 ? calls : definitions).top),
    notes,
  };
}

const mostLabels = 16;

function labels({ answers }: DatasetStats): Block | null {
  if (answers.kto) {
    const { good, bad } = answers.kto;
    return {
      kind: "bars",
      title: "labels",
      bars: shareBars([
        { value: "good", count: good },
        { value: "bad", count: bad },
      ]),
    };
  }
  // Answers that are JSON say more by field.
  if (!answers.labels || answers.fields.length > 0) return null;
  return labelBlock(
    `answers: ${counted(answers.labels.length, "distinct one")}`,
    answers.labels,
    answers.labels.length,
  );
}

function fields({ answers }: DatasetStats): Block[] {
  return answers.fields.map(({ field, values, distinct }) => labelBlock(`answer field ${field}`, values, distinct));
}

function labelBlock(title: string, tallies: Tally[], distinct: number): Block {
  const notes = distinct > mostLabels ? [{ text: `and ${number(distinct - mostLabels)} rarer ones` }] : [];
  return { kind: "bars", title, bars: shareBars(tallies).slice(0, mostLabels), notes };
}

function pairs({ answers }: DatasetStats): Block | null {
  if (!answers.pairs) return null;
  const { rows, chosenLonger, rejectedLonger, chosenChars, rejectedChars } = answers.pairs;
  const bars = shareBars([
    { value: "chosen is longer", count: chosenLonger },
    { value: "rejected is longer", count: rejectedLonger },
    { value: "as long", count: rows - chosenLonger - rejectedLonger },
  ]);
  const text = `${number(chosenChars / rows)} characters chosen, ${number(rejectedChars / rows)} rejected on average`;
  return { kind: "bars", title: "lengths within a pair", bars, notes: [{ text }] };
}

function turnOrders({ shapes, turns }: DatasetStats): Block | null {
  if (shapes.length < 2) return null;
  const rows = shapes.map(({ value, count }) => ({ cells: [number(count), percent(count / turns.count), value] }));
  return { kind: "table", title: "orders of roles", columns: [right("rows"), right("share"), { head: "order" }], rows };
}

function systemPrompts({ systemPrompts: prompts, turns }: DatasetStats): Block | null {
  if (prompts.rows === 0) return null;
  const rows = prompts.top.map(({ start, count }) => ({ cells: [number(count), percent(count / turns.count), start] }));
  const few = prompts.isAtLeast ? "more than " : "";
  const title = `system prompts: ${few}${number(prompts.distinct)} distinct in ${counted(prompts.rows, "row")}`;
  return { kind: "table", title, columns: [right("rows"), right("share"), { head: "starts with" }], rows };
}

function sources({ sources: files }: DatasetStats): Block | null {
  if (files.length < 2) return null;
  const columns = [
    { head: "file" },
    { head: "format" },
    ...["rows", "weight", "characters", "p50", "p99", "tokens"].map(right),
    { head: "used for" },
  ];
  const rows = files.map(({ path, format, usable, weight, chars, tokens, side }) => ({
    cells: [
      ...[path, format ?? "not recognised", number(usable), number(weight), number(chars.sum)],
      ...[number(chars.p50), number(chars.p99), tokens === null ? "-" : number(tokens)],
      side === "train" ? "training" : "held out",
    ],
  }));
  return { kind: "table", title: "files", columns, rows };
}

function right(head: string): { head: string; align: "right" } {
  return { head, align: "right" };
}

function tallyBars(tallies: Tally[]): Bar[] {
  return tallies.map(({ value, count }) => ({ name: value, count }));
}

function shareBars(tallies: Tally[]): Bar[] {
  const total = tallies.reduce((sum, { count }) => sum + count, 0);
  return tallies.map(({ value, count }) => ({
    name: value === "" ? "(empty)" : value,
    count,
    detail: percent(count / total),
  }));
}
