// What `ft eval audit` prints: for each suite how many items stand in the training data, and which.
import type { AuditResult } from "../../pipeline/suites/audit-recipe.js";
import type { Block, Report } from "../../report/block.js";
import { counted, percent } from "../../report/number.js";

const shownItems = 50;

export function auditReport(name: string, { suites, rows }: AuditResult): Report {
  return {
    title: `Suites of ${name} against its training data`,
    subtitle: `${counted(rows, "training row")}; a question that was trained on says nothing about what was learnt.`,
    blocks: [overview(suites), ...suites.flatMap(foundItems)],
  };
}

function overview(suites: AuditResult["suites"]): Block {
  const count = (found: AuditResult["suites"][number]["found"], how: string) =>
    String(found.filter((one) => one.how === how).length);
  return {
    kind: "table",
    title: "Items found",
    columns: [
      { head: "suite" },
      ...["items", "exact", "normalised", "near"].map((head) => ({ head, align: "right" as const })),
    ],
    rows: suites.map(({ name, items, found }) => ({
      cells: [name, String(items), count(found, "exact"), count(found, "normalised"), count(found, "near")],
      level: found.length > 0 ? "bad" : "good",
    })),
    notes: suites.some(({ found }) => found.length > 0)
      ? [
          {
            text: "Take them out of the training data, or ask something else: these items measure memory",
            level: "bad",
          },
        ]
      : [{ text: "No item is in the training data", level: "good" }],
  };
}

function foundItems({ name, found }: AuditResult["suites"][number]): Block[] {
  if (found.length === 0) return [];
  return [
    {
      kind: "table",
      title: `${name}: ${counted(found.length, "item")} in the training data`,
      columns: [
        { head: "item" },
        { head: "at" },
        { head: "trained on at" },
        { head: "how" },
        { head: "alike", align: "right" },
      ],
      rows: found.slice(0, shownItems).map(({ item, file, line, row, how, similarity }) => ({
        cells: [item, `${file}:${line}`, `${row.file}:${row.line}`, how, percent(similarity)],
      })),
      notes: found.length > shownItems ? [{ text: `and ${found.length - shownItems} more (--json has all)` }] : [],
    },
  ];
}
