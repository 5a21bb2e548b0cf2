// ft's own lines: whatever the row has, in the form that docs/data.md describes.
import type { CanonicalRow } from "../canonical.js";
import type { Line, Target } from "./target.js";

export const messagesTarget: Target = {
  about: "ft's own form (docs/data.md); holds every row",
  convert(row: CanonicalRow): Line {
    switch (row.kind) {
      case "tokens":
        return { input_ids: row.ids, labels: row.labels };
      case "segments":
        return { segments: row.segments.map(({ text, trained }) => ({ text, label: trained })) };
      case "prompt": {
        const { kind: _, columns, ...line } = row;
        return { ...(line as unknown as Line), ...columns };
      }
      default: {
        const { kind: _, ...line } = row;
        return line as unknown as Line;
      }
    }
  },
};
