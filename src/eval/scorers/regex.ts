// A person's pattern against an answer, within a time limit: one such as (a+)+$ takes for ever on some texts. Node's own vm can end it (V8 looks for
// interrupts while a pattern backtracks), so it keeps JavaScript's syntax, which RE2 would cut, and needs no thread.
import { createContext, Script } from "node:vm";

const script = new Script("new RegExp(pattern, 'u').test(text)");

/** Throws, in words, on a pattern that is none, or that took longer than `limitMs`: it is not tried on another text then. */
export function createMatcher(limitMs = 2000): (pattern: string, text: string) => boolean {
  const context = createContext({});
  const slow = new Set<string>();
  return (pattern, text) => {
    if (slow.has(pattern)) throw new Error(`the pattern ${pattern} was too slow on another answer`);
    Object.assign(context, { pattern, text });
    try {
      return script.runInContext(context, { timeout: limitMs }) as boolean;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
      slow.add(pattern);
      const mend = "write it so that a text matches in one way only, not (a+)+";
      throw new Error(`the pattern ${pattern} took longer than ${limitMs / 1000} s: ${mend}`);
    }
  };
}
