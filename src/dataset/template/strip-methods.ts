// Python's str.strip(chars), lstrip(chars) and rstrip(chars) for chat templates: @huggingface/jinja ignores the argument, and so
// eats the indentation of answers in templates such as Qwen3's. Calls with an argument are rewritten to calls of functions of ours.

/** What the rewritten calls call; goes into the template's context. */
export const stripFunctions = {
  ft_strip: (text: string, chars: string) => stripEnd(stripStart(text, chars), chars),
  ft_lstrip: stripStart,
  ft_rstrip: stripEnd,
};

/** Rewrites `x.lstrip(y)` to `ft_lstrip(x, y)` everywhere in a parsed template, in place. */
export function rewriteStripCalls(node: unknown): void {
  if (typeof node !== "object" || node === null) return;
  for (const child of Object.values(node)) rewriteStripCalls(child);
  const method = stripCall(node);
  if (!method) return;
  const { object, name } = method;
  Object.assign(node, {
    callee: { type: "Identifier", value: `ft_${name}` },
    args: [object, ...(node as { args: unknown[] }).args],
  });
}

/** The parts of `object.name(argument)`, or null when the node is something else. */
function stripCall(node: object): { object: unknown; name: string } | null {
  if (!("type" in node) || node.type !== "CallExpression" || !("callee" in node) || !("args" in node)) return null;
  const callee = node.callee as { type: string; object?: unknown; property?: { value?: unknown }; computed?: boolean };
  if (callee.type !== "MemberExpression" || callee.computed || !Array.isArray(node.args)) return null;
  const name = callee.property?.value;
  const takesChars = name === "strip" || name === "lstrip" || name === "rstrip";
  return takesChars && node.args.length === 1 ? { object: callee.object, name } : null;
}

function stripStart(text: string, chars: string): string {
  const set = new Set(chars);
  const letters = [...text];
  const start = letters.findIndex((letter) => !set.has(letter));
  return start === -1 ? "" : letters.slice(start).join("");
}

function stripEnd(text: string, chars: string): string {
  const set = new Set(chars);
  const letters = [...text];
  return letters.slice(0, letters.findLastIndex((letter) => !set.has(letter)) + 1).join("");
}
