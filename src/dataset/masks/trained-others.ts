// Words of others than the assistant that carry loss: a mask that goes on where it should have ended.
import type { Message } from "../canonical.js";
import type { MaskedLine } from "./mask-model.js";

/**
 * The turns, counted from 1, whose whole content is trained although the assistant did not say it. Looked for in lines whose tokens' places
 * are known; each content after the one before it, and before the assistant's next.
 */
export function trainedOthers(messages: readonly Message[], { text, trained, offsets }: MaskedLine): number[] {
  if (!offsets) return [];
  const { starts, ends } = offsets;
  const isTrained = (start: number, end: number) => {
    let inside = 0;
    for (let token = 0; token < ends.length && starts[token]! < end; token += 1) {
      if (starts[token]! < start || ends[token]! > end) continue;
      if (trained[token] === 0) return false;
      inside += 1;
    }
    return inside > 0;
  };
  const turns: number[] = [];
  let from = 0;
  for (const [index, { role, content }] of messages.entries()) {
    const said = content.trim();
    const at = said === "" ? -1 : text.indexOf(said, from);
    if (at === -1) continue;
    const next = messages.slice(index + 1).find((later) => later.role === "assistant" && later.content.trim() !== "");
    const nextAt = role === "assistant" || !next ? -1 : text.indexOf(next.content.trim(), from);
    if (nextAt !== -1 && nextAt < at) continue; // left out where it belongs: this is an assistant's
    from = at + said.length;
    if (role !== "assistant" && isTrained(at, from)) turns.push(index + 1);
  }
  return turns;
}
