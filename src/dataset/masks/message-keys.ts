// Which keys of a message a template reads, as Axolotl finds them: it hands the template no others.

/**
 * Names read from a variable called `message`: message.tool_calls, message['name'], and what is read from those. JinjaTemplateAnalyzer
 * of axolotl/prompt_strategies/jinja_template_analyzer.py (0.19, 0.21): get_message_vars finds nothing else, so that a template whose loop
 * variable has another name gets only role, content and reasoning_content.
 */
export function messageKeys(template: string): Set<string> {
  const keys = new Set<string>();
  for (const tokens of codeOf(template)) {
    for (const [index, token] of tokens.entries()) {
      if (token === "message" && tokens[index - 1] !== ".") readChain(tokens, index + 1, keys);
    }
  }
  return keys;
}

/** What stands between {{ }} and {% %}, as tokens; comments and raw blocks hold no code. */
function codeOf(template: string): string[][] {
  const parts = template.matchAll(
    /\{#[\s\S]*?#\}|\{%[-+]?\s*raw\s*[-+]?%\}[\s\S]*?\{%[-+]?\s*endraw\s*[-+]?%\}|\{\{([\s\S]*?)\}\}|\{%([\s\S]*?)%\}/g,
  );
  return [...parts].flatMap(([, expression, statement]) => {
    const code = expression ?? statement;
    return code === undefined ? [] : [code.match(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[A-Za-z_]\w*|\d+|\S/g) ?? []];
  });
}

/** `.name` and `["name"]` one after the other; other brackets are passed over. */
function readChain(tokens: readonly string[], from: number, keys: Set<string>): void {
  let at = from;
  for (;;) {
    if (tokens[at] === ".") {
      keys.add(tokens[at + 1]!);
      at += 2;
    } else if (tokens[at] === "[") {
      const end = closingBracket(tokens, at);
      const inside = tokens[at + 1]!;
      if (end === at + 2 && /^["']/.test(inside)) keys.add(inside.slice(1, -1));
      at = end + 1;
    } else return;
  }
}

function closingBracket(tokens: readonly string[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    if (tokens[at] === "[") depth += 1;
    if (tokens[at] === "]") depth -= 1;
    if (depth === 0) return at;
  }
  return tokens.length;
}
