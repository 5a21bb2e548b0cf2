// One self-contained HTML page: no script, no network (its own policy forbids both), light and dark, fit for print and screen readers.
import { Html, html } from "./html.js";
import { css } from "./style.js";

/** @param madeAt epoch milliseconds, printed in UTC */
export function htmlPage({
  title,
  subtitle,
  body,
  madeAt,
}: {
  title: string;
  subtitle: string;
  body: readonly Html[];
  madeAt: number;
}): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="ft">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Html(css)}</style>
</head>
<body>
<header><h1>${title}</h1><p>${subtitle}</p></header>
<main>
${body}
</main>
<footer>made by ft, ${new Date(madeAt).toISOString().slice(0, 16).replace("T", " ")} UTC</footer>
</body>
</html>
`;
  return page.markup;
}
