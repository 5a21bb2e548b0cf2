// Axolotl's input_output rows: {segments: [{label, text}]}; no template, no token is added, and the labels say what is learnt.
import { recordOf } from "../json/json.js";
import type { RowFormat } from "./format.js";
import { reportMedia } from "./row-extras.js";

export const segmentsFormat: RowFormat = {
  name: "segments",
  shape: '{"segments": [{"label": true|false, "text"}]}',
  columns: ["segments"],
  recognises: (row) =>
    Array.isArray(row.segments) && row.segments.some((segment) => "text" in (recordOf(segment) ?? {})),
  convert(row, report) {
    if (reportMedia(row, report)) return null;
    const segments = [];
    for (const [index, written] of (row.segments as unknown[]).entries()) {
      const { label, text } = recordOf(written) ?? {};
      if (typeof text !== "string" || typeof label !== "boolean") {
        report({ rule: "SCH007", message: `segment ${index + 1} is not {"label": true|false, "text": string}` });
        return null;
      }
      segments.push({ text, trained: label });
    }
    return { kind: "segments", segments };
  },
};
