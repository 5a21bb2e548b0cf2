// The recipe and the tickets of the tests of `ft ci`: the tiny model, a Hub, and a gate that judges the loss on 50 held-out rows.
import { requiredEnv } from "./project.js";

const colours = ["red", "blue", "green"];

/** JSON lines of the tickets `from` to `from + count`. */
export function tickets(from: number, count: number, answer = (n: number) => `{"colour":"${colours[n % 3]}"}`): string {
  return Array.from({ length: count }, (_, index) => {
    const n = from + index;
    const messages = [
      { role: "user", content: `ticket ${n}: the ${colours[n % 3]} lamp number ${n * 7} is broken` },
      { role: "assistant", content: answer(n) },
    ];
    return `${JSON.stringify({ messages })}\n`;
  }).join("");
}

/** `train`: how long, and what is kept on the way. `more`: further lines. */
export function nightlyRecipe(train: string, more = ""): string {
  return `name: tiny
model: { base: ${requiredEnv("FT_TEST_TINY_MODEL")} }
method: { type: lora, rank: 8 }
data: { train: train.jsonl, eval: eval.jsonl, max_length: 256 }
train: { ${train}, batch_size: 4, learning_rate: 1.0e-2 }
eval: { max_new_tokens: 1 }
gate: { primary: heldout/nll, guards: [], min_items: 50 }
hub: { repo: me/tiny }
${more}`;
}
