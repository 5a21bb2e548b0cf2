// What `ft data preview --diff` shows: one row as several engines get it, stretch by stretch.
import type { ComparedPart, Comparison, TokenState } from "../../dataset/preview/compare-engines.js";
import type { Block, Report } from "../../report/block.js";
import { counted, number, percent } from "../../report/number.js";
import { visibleToken } from "./token-boxes.js";

export function comparisonReport(comparison: Comparison, title: string): Report {
  const { parts, same } = comparison;
  const subtitle = same ? "the engines train the same tokens" : "the engines do not train the same";
  return { title, subtitle: parts.length === 0 ? "no mask is known" : subtitle, blocks: comparisonBlocks(comparison) };
}

/** @param of what is compared, for the tables' titles */
export function comparisonBlocks({ parts, unknown }: Comparison, of = ""): Block[] {
  const lost: Block[] = unknown.map(({ engine, why }) => {
    return { kind: "facts", title: engine, facts: [{ name: "mask", value: `unknown: ${why}` }] };
  });
  return [...lost, ...parts.flatMap((part) => partBlocks(part, of))];
}

function partBlocks({ name, engines, stretches }: ComparedPart, of: string): Block[] {
  const counts: Block = {
    kind: "facts",
    title: name || "tokens",
    facts: engines.map(({ engine, tokens, trained, sequences }) => {
      const of = sequences > 1 ? ` in ${counted(sequences, "sequence")}` : "";
      return {
        name: engine,
        value: `trains ${number(trained)} of ${counted(tokens, "token")}${of} (${percent(tokens === 0 ? 0 : trained / tokens)})`,
      };
    }),
  };
  const rows = stretches.map(({ text, tokens, states }) => {
    const isSame = new Set(states).size === 1;
    return {
      cells: [
        isSame ? "" : "≠",
        number(tokens),
        ...states.map((state) => words[state]),
        shortened(visibleToken({ text })),
      ],
      ...(!isSame && { level: "warning" as const }),
    };
  });
  const heads = engines.map(({ engine }) => ({ head: engine }));
  const columns = [{ head: "" }, { head: "tokens", align: "right" as const }, ...heads, { head: "text" }];
  return [counts, { kind: "table", title: of ? `${of}, stretch by stretch` : "stretch by stretch", columns, rows }];
}

const words: Record<TokenState, string> = { trained: "trained", read: "-", cut: "cut", absent: "absent" };

/** Both ends of a long stretch: those are where engines differ. */
function shortened(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 60)} … ${text.slice(-56)}`;
}
