// What several engines make of one row, beside each other: token for token, with what each does with it.
import { diffArrays } from "diff";
import type { PreviewLine, PreviewToken } from "./preview-line.js";
import type { RowPreview } from "./preview-row.js";

/** What an engine does with a token: takes loss on it, reads it, cuts it away, or does not have it at all. */
export type TokenState = "trained" | "read" | "cut" | "absent";

export interface Comparison {
  /** One for each sequence; engines that make different numbers of sequences of a row are compared in one part. */
  parts: ComparedPart[];
  /** Engines whose mask is not known, with why. */
  unknown: { engine: string; why: string }[];
  same: boolean;
}

export interface ComparedPart {
  name: string;
  engines: { engine: string; tokens: number; trained: number; sequences: number }[];
  stretches: Stretch[];
}

/** Tokens in a row with which each engine does the same. */
interface Stretch {
  text: string;
  tokens: number;
  /** In the order of `engines`. */
  states: TokenState[];
}

export function compareEngines(previews: readonly RowPreview[]): Comparison {
  const known = previews.filter(({ unknown }) => unknown === undefined);
  const unknown = previews.flatMap(({ engine, unknown: why }) => (why === undefined ? [] : [{ engine, why }]));
  const isAlike = new Set(known.map(({ sequences }) => sequences.length)).size === 1;
  const parts = isAlike
    ? known[0]!.sequences.map(({ name }, index) => comparePart(name, known, (each) => [each.sequences[index]!]))
    : [comparePart("all sequences as one", known, ({ sequences }) => sequences)];
  const isSame = ({ stretches: all }: ComparedPart) => all.every(({ states }) => new Set(states).size === 1);
  return { parts: known.length === 0 ? [] : parts, unknown, same: unknown.length === 0 && parts.every(isSame) };
}

function comparePart(
  name: string,
  previews: readonly RowPreview[],
  linesOf: (preview: RowPreview) => PreviewLine[],
): ComparedPart {
  let columns: Column[] = [];
  for (const [index, preview] of previews.entries()) columns = withEngine(columns, index, wholeLine(linesOf(preview)));
  const engines = previews.map((preview) => {
    const lines = linesOf(preview);
    const sum = (value: (line: PreviewLine) => number) => lines.reduce((total, line) => total + value(line), 0);
    return {
      engine: preview.engine,
      tokens: sum(({ kept }) => kept),
      trained: sum(({ trained, dropped }) => (dropped ? 0 : trained)),
      sequences: lines.length,
    };
  });
  return { name, engines, stretches: stretchesOf(columns) };
}

/** A token with what the engines so far do with it. */
interface Column {
  id: number;
  text: string;
  states: TokenState[];
}

type StatedToken = Pick<PreviewToken, "id" | "text"> & { state: TokenState };

/** The longest sequence, with loss where any of the sequences takes it: where there is one a turn, each begins with the turns before. */
function wholeLine(lines: readonly PreviewLine[]): StatedToken[] {
  if (lines.length === 0) return [];
  const longest = lines.reduce((best, line) => (line.tokens.length > best.tokens.length ? line : best));
  const whole = longest.tokens.map((token) => ({ ...token, state: stateOf(token, longest) }));
  for (const line of lines) {
    if (line === longest) continue;
    let [at, wholeAt] = [0, 0];
    for (const { added, removed, value } of diffArrays(idsOf(whole), idsOf(line.tokens))) {
      for (let step = 0; step < value.length; step += 1) {
        if (!added && !removed && stateOf(line.tokens[at]!, line) === "trained") whole[wholeAt]!.state = "trained";
        if (!removed) at += 1;
        if (!added) wholeAt += 1;
      }
    }
  }
  return whole;
}

function stateOf({ kept, trained }: PreviewToken, { dropped }: PreviewLine): TokenState {
  if (!kept) return "cut";
  return trained && !dropped ? "trained" : "read";
}

/** The tokens of one more engine, laid beside those that are there. */
function withEngine(columns: Column[], engines: number, tokens: StatedToken[]): Column[] {
  const merged: Column[] = [];
  let [at, columnAt] = [0, 0];
  for (const { added, removed, value } of diffArrays(idsOf(columns), idsOf(tokens))) {
    for (let step = 0; step < value.length; step += 1) {
      const column = added ? null : columns[columnAt++]!;
      const token = removed ? null : tokens[at++]!;
      const { id, text } = (column ?? token)!;
      const states = column?.states ?? new Array<TokenState>(engines).fill("absent");
      merged.push({ id, text, states: [...states, token?.state ?? "absent"] });
    }
  }
  return merged;
}

function idsOf(tokens: readonly { id: number }[]): number[] {
  return tokens.map(({ id }) => id);
}

function stretchesOf(columns: readonly Column[]): Stretch[] {
  const all: Stretch[] = [];
  for (const { text, states } of columns) {
    const last = all.at(-1);
    if (last && states.every((state, index) => last.states[index] === state)) {
      last.text += text;
      last.tokens += 1;
    } else all.push({ text, tokens: 1, states });
  }
  return all;
}
