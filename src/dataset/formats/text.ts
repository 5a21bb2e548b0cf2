// Plain text rows: {text}; every token is trained.
import { optionalText, type RowFormat } from "./format.js";
import { reportBadAnswer, reportMedia } from "./row-extras.js";

export const textFormat: RowFormat = {
  name: "text",
  shape: '{"text"}',
  columns: ["text"],
  recognises: (row) => "text" in row,
  convert(row, report) {
    if (reportMedia(row, report) || reportBadAnswer(row, report)) return null;
    const text = optionalText(row, "text", report);
    if (text === null && typeof (row.text ?? "") !== "string") return null;
    return { kind: "text", text: text ?? "" };
  },
};
