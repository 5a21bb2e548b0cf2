// markupsafe's escape.
import { str } from "./repr.js";
import type { Run } from "./run.js";
import { Markup, type Value } from "./values.js";

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&#39;", '"': "&#34;" };

/** HTML for a value; what is Markup already is left as it is. */
export function escapeHtml(run: Run, value: Value): string {
  if (value instanceof Markup) return value.text;
  const escaped = str(run, value).replace(/[&<>'"]/g, (letter) => entities[letter] as string);
  run.reserve(escaped.length);
  return escaped;
}
