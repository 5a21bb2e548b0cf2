// Previewed rows where the flags want them: as a page in a file, as text on stdout.
import type { Io } from "../io.js";
import { type PreviewedRow, previewText } from "../views/data-preview.js";
import { painter, wantsColour } from "../views/paint.js";
import { pipedWidth, writePage } from "./present-report.js";

interface Wanted {
  /** The result was printed already. */
  json?: boolean;
  html?: string;
  tokens?: boolean;
}

export async function presentPreview(io: Io, rows: PreviewedRow[], { json, html, tokens }: Wanted): Promise<void> {
  if (html !== undefined) {
    const { previewPage } = await import("../views/preview-page.js");
    const title = `rows as ${rows[0]?.previews[0]?.engine ?? "the engine"} gets them`;
    await writePage(io, html, previewPage(rows, { title, madeAt: io.now() }));
  }
  if (json) return;
  const isColoured = wantsColour(io);
  const width = io.out.isTTY ? io.out.columns : pipedWidth;
  io.out.write(previewText(rows, { width, paint: painter(isColoured), isColoured, tokens: tokens === true }));
}
