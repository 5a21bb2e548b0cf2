// A report where the flags want it: as a page in a file, as Markdown or text on stdout.
import { writeFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { FtError } from "../../errors.js";
import type { Report } from "../../report/block.js";
import type { Io } from "../io.js";
import { painter, wantsColour } from "../views/paint.js";
import { reportText } from "../views/report-text.js";

interface Wanted {
  /** The result was printed already. */
  json?: boolean;
  html?: string;
  markdown?: boolean;
}

/** Columns where no terminal says how many: what a log or a mail shows without breaking lines. */
export const pipedWidth = 80;

export async function presentReport(io: Io, report: Report, { json, html, markdown }: Wanted): Promise<void> {
  if (html !== undefined) {
    const { reportHtml } = await import("../../report/to-html.js");
    await writePage(io, html, reportHtml(report, io.now()));
  }
  if (json) return;
  if (markdown) {
    const { reportMarkdown } = await import("../../report/to-markdown.js");
    io.out.write(reportMarkdown(report));
  } else {
    const width = io.out.isTTY ? io.out.columns : pipedWidth;
    io.out.write(reportText(report, { width, paint: painter(wantsColour(io)) }));
  }
}

/** @throws FtError usage.html when the file cannot be written */
export async function writePage(io: Io, file: string, page: string): Promise<void> {
  await writeFile(resolve(io.cwd, file), page).catch((cause: NodeJS.ErrnoException) => {
    throw new FtError({
      code: "usage.html",
      exit: "usage",
      message: `the page ${file} cannot be written`,
      why: cause.message,
      next: `name a file in a folder that exists and is yours, for example --html ${basename(file)}`,
      cause,
    });
  });
  io.err.write(`wrote ${file}\n`);
}
