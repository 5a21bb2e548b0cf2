// TPL and TOK: what the model's template and tokenizer make of a row. They run where the model is known.
import { chat, type RuleTable } from "./rule.js";

const fine = chat("What is 2 * 3?", "6");
const long = "many words ".repeat(40);
const system = { role: "system", content: "Answer in French." };
const chatml = (body: string) => ({
  source: `{% for m in messages %}${body}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}`,
});
const whole = "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n";

export const tplRules = {
  TPL001: {
    severity: "error",
    title: "chat template refuses the row",
    why: "The engine renders every row with it, and stops at this one.",
    fix: "change the row as the template asks, or choose another template",
    bad: {
      train: [{ messages: [...fine.messages.slice(0, 1), ...fine.messages] }],
      template: chatml(
        `{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}${whole}`,
      ),
    },
    good: { train: [fine], template: "own" },
  },
  TPL002: {
    severity: "warning",
    title: "template leaves out a part of the row",
    why: "What is trained is not what the row says: without its system turn, its reasoning or a tool call the answer follows from nothing.",
    fix: "choose a template that keeps it (reasoning of earlier turns, tool calls), or one row for each turn to be learnt",
    bad: {
      train: [{ messages: [system, ...fine.messages] }],
      template: chatml(`{% if m.role != 'system' %}${whole}{% endif %}`),
    },
    good: { train: [{ messages: [system, ...fine.messages] }], template: "own" },
  },
  TPL003: {
    severity: "warning",
    title: "chat template has no generation prompt",
    why: "With add_generation_prompt it renders the same as without: at inference nothing tells the model that it is its turn, though it was trained with an opening for its turns.",
    fix: "choose a template that reads add_generation_prompt",
    bad: { train: [fine], template: { source: `{% for m in messages %}${whole}{% endfor %}` } },
    good: { train: [fine], template: "own" },
  },
  TPL005: {
    severity: "error",
    title: "chat template is too costly",
    why: "A loop in it never ends, or runs for every pair of characters: the engine would stand still on such rows, and an editor could hide it in a model's template.",
    fix: "look for a loop that never ends in the template, or choose another one",
    bad: {
      train: [fine, chat("q", "b"), chat("q", "c")],
      template: chatml(
        `{% for i in range(90000) %}{% for j in range(90000) %}{{ '' }}{% endfor %}{% endfor %}${whole}`,
      ),
    },
    good: { train: [fine], template: "own" },
  },
  TPL004: {
    severity: "error",
    title: "chat template drops the tool definitions",
    why: "The model learns to call tools that it was never shown.",
    fix: "choose a template that renders tools, or write them into the system turn",
    bad: {
      train: [
        {
          ...fine,
          tools: [{ type: "function", function: { name: "multiply", parameters: { type: "object", properties: {} } } }],
        },
      ],
      template: chatml(whole),
    },
    good: { train: [fine], template: "own" },
  },
} satisfies RuleTable;

export const tokRules = {
  TOK000: {
    severity: "info",
    title: "token rules not run",
    why: "Length, loss mask and template are known only with the model's tokenizer.",
    fix: "give --model <folder>, or run once so that the recipe's model is on this machine",
    bad: { train: [fine] },
    good: { train: [fine], template: "own" },
  },
  TOK001: {
    severity: "warning",
    title: "longer than max_length",
    why: "The engine cuts what lies beyond: mostly the end of the answer, which is what was to be learnt.",
    fix: "raise data.max_length, or split the row: what lies beyond is cut",
    bad: { train: [fine, chat("q", long)], template: "own" },
    good: { train: [fine], template: "own" },
  },
  TOK002: {
    severity: "error",
    title: "no token carries loss",
    why: "The row costs a forward pass and teaches nothing; a batch of such rows has no loss at all (NaN in some engines).",
    fix: "raise data.max_length, shorten the context, or remove the row: the engine drops it",
    bad: { train: [chat(long, "a"), chat(long, "b")], template: "own" },
    good: { train: [fine], template: "own" },
  },
  TOK004: {
    severity: "info",
    title: "loss mask not known",
    why: "What this engine trains of these rows cannot be told without running it; rules on the mask say nothing of them.",
    fix: "look at the first rows of the run with `ft data preview --from-run`",
    bad: { train: [{ text: "t" }], template: "own", engine: "unsloth-responses" },
    good: { train: [fine], template: "own" },
  },
  TOK005: {
    severity: "warning",
    title: "begins with two bos tokens",
    why: "The model has never seen two: the first positions of every row teach what never occurs.",
    fix: "remove the token from the row's text: the tokenizer adds it",
    bad: {
      train: [chat("<|im_start|>q", "a")],
      template: { source: "{{ bos_token }}{% for m in messages %}{{ m.content }}<|im_end|>{% endfor %}" },
    },
    good: { train: [fine], template: "own" },
  },
  TOK006: {
    severity: "error",
    title: "words of others are trained",
    why: "The mask covers what the user, the system or a tool says: the model learns to speak for them.",
    fix: "end the template's generation block inside the assistant's turn, or choose another template",
    bad: {
      train: [
        {
          messages: [
            { role: "assistant", content: "Welcome to the shop" },
            { role: "user", content: "I look for a lamp" },
          ],
        },
      ],
      template: {
        source:
          "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}<|im_end|>{% endgeneration %}{% else %}{% generation %}{{ m.content }}{% endgeneration %}{% endif %}{% endfor %}",
      },
    },
    good: { train: [fine], template: "own" },
  },
  TOK007: {
    severity: "error",
    title: "trained otherwise than predicted",
    why: "What the check said of length and loss mask was said of other tokens than those that the engine handed to the model.",
    fix: "compare the two that `ft data preview --from-run` shows: the run's template, tokenizer or engine is another, or the prediction is wrong; then please report it",
    bad: null,
    good: null,
  },
  TOK003: {
    severity: "error",
    title: "end-of-turn token is not trained",
    why: "A model that never learns to end its turn goes on until the length limit.",
    fix: "use a template that closes assistant turns with it: else the model does not learn to stop",
    bad: {
      train: [fine],
      template: {
        source:
          "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}",
      },
    },
    good: { train: [fine], template: "own" },
  },
} satisfies RuleTable;
