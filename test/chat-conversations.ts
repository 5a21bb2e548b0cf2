// Conversations that a chat template may meet, for the differential tests: tools with every kind of argument, reasoning, odd text.

import type { Message, Role } from "../src/dataset/canonical.js";
import { Float, type Json, type JsonObject } from "../src/dataset/json/json.js";
import type { RenderOptions } from "../src/dataset/template/compile.js";

export interface Conversation {
  name: string;
  messages: Message[];
  options: RenderOptions;
}

const turn = (role: Role, content: string, rest: Partial<Message> = {}): Message => ({ role, content, ...rest });

const call = (name: string, args: JsonObject, id = "call_12345"): Message =>
  turn("assistant", "", { tool_calls: [{ id, type: "function", function: { name, arguments: args } }] });

const weather: JsonObject = {
  type: "function",
  function: {
    name: "get_weather",
    description: 'Looks up the weather.\nSays "sunny" or <rain> & fog.',
    parameters: {
      type: "object",
      properties: {
        city: { type: "string", description: "Where; e.g. São Paulo" },
        unit: { type: "string", enum: ["celsius", "fahrenheit"], default: "celsius" },
        days: { type: "integer", minimum: 1 },
        threshold: { type: ["number", "null"], default: new Float(1, "1.0") },
        places: {
          type: "array",
          items: { type: "object", properties: { lat: { type: "number" } }, required: ["lat"] },
        },
        raw: { anyOf: [{ type: "string" }, { type: "null" }], description: "raw" },
      },
      required: ["city"],
    },
  },
};
const noParameters: JsonObject = {
  type: "function",
  function: { name: "now", description: "The time.", parameters: { type: "object", properties: {} } },
};
const everyKind = new Map<string, Json>([
  ["text", 'it\'s "quoted" \\ and\nbroken — naïve 日本 👩‍👩‍👧'],
  ["whole", new Float(3, "3.0")],
  ["tiny", 1.5e-7],
  ["big", 12345678901234567890n],
  ["negative", -7],
  ["yes", true],
  ["no", false],
  ["nothing", null],
  ["list", [1, new Float(2, "2.0"), "three", null, [], {}]],
  ["nested", { b: { a: [{ deep: "value" }] }, a: "" }],
  ["10", "ten"],
  ["2", "two"],
]);

const plain: Message[] = [turn("user", "What is 2 * 3?"), turn("assistant", "6")];
const longer: Message[] = [
  turn("system", "Answer in French."),
  turn("user", "Good morning!"),
  turn("assistant", "Bonjour ! Ça va ?"),
  turn("user", "And you?"),
  turn("assistant", "Très bien."),
  turn("user", "Goodbye"),
];
const withTools: Message[] = [
  turn("system", "Use tools."),
  turn("user", "Weather in Paris?"),
  call("get_weather", { city: "Paris", days: 3 }, "abcdefghi"),
  turn("tool", '{"temperature": 21.0, "sky": "<clear>"}', { tool_call_id: "abcdefghi", name: "get_weather" }),
  turn("assistant", "21 degrees."),
];

const cases: [name: string, messages: Message[], options?: Partial<RenderOptions>][] = [
  ["one turn", plain],
  ["one question", [turn("user", "Hi")]],
  ["system and several turns", longer],
  ["system only", [turn("system", "Be brief.")]],
  ["tools and no call", plain, { tools: [weather, noParameters] }],
  ["a call and its answer", withTools, { tools: [weather, noParameters] }],
  ["a call without tools", withTools],
  [
    "arguments of every kind",
    [turn("user", "Go"), call("f", everyKind), turn("tool", "ok", { name: "f", tool_call_id: "call_12345" })],
    { tools: [weather] },
  ],
  [
    "no arguments",
    [
      turn("user", "Time?"),
      call("now", {}),
      turn("tool", "12:00", { name: "now", tool_call_id: "call_12345" }),
      turn("assistant", "Noon."),
    ],
    { tools: [noParameters] },
  ],
  [
    "two calls at once",
    [
      turn("user", "Both"),
      turn("assistant", "I look.", {
        tool_calls: [
          { id: "a00000001", type: "function", function: { name: "get_weather", arguments: { city: "Rome" } } },
          { id: "a00000002", type: "function", function: { name: "now", arguments: {} } },
        ],
      }),
      turn("tool", "rain", { tool_call_id: "a00000001", name: "get_weather" }),
      turn("tool", "12:00", { tool_call_id: "a00000002", name: "now" }),
      turn("assistant", "Rain at noon."),
      turn("user", "Thanks"),
      turn("assistant", "Welcome."),
    ],
    { tools: [weather, noParameters] },
  ],
  [
    "calls without ids",
    [
      turn("user", "x"),
      turn("assistant", "", { tool_calls: [{ type: "function", function: { name: "now", arguments: {} } }] }),
      turn("tool", "y"),
    ],
    { tools: [noParameters] },
  ],
  [
    "reasoning",
    [
      turn("user", "Why?"),
      turn("assistant", "Because.", { reasoning_content: "Let me think.\n\nDone." }),
      turn("user", "Really?"),
      turn("assistant", "Yes.", { reasoning_content: "  Sure  " }),
    ],
  ],
  [
    "reasoning with a call",
    [
      turn("user", "Now?"),
      { ...call("now", {}), reasoning_content: "A tool helps." },
      turn("tool", "12:00", { name: "now", tool_call_id: "call_12345" }),
      turn("assistant", "Noon.", { reasoning_content: "Simple." }),
    ],
    { tools: [noParameters] },
  ],
  ["an empty think block", [turn("user", "q"), turn("assistant", "<think>\n\n</think>\n\nanswer")]],
  [
    "thinking inside the answer",
    [
      turn("user", "q"),
      turn("assistant", "<think>\nsteps </think> more\n</think>\n\n  answer\n"),
      turn("user", "r"),
      turn("assistant", "s"),
    ],
  ],
  ["empty reasoning", [turn("user", "q"), turn("assistant", "a", { reasoning_content: "" })]],
  [
    "emoji and scripts",
    [turn("user", "👋🏽 日本語 \u202eمرحبا\u202c e\u0301 \u00a0\ufeff 𝒳"), turn("assistant", "שלום 🇫🇷 ﬁ ١٢٣ ß İ ǆ")],
  ],
  [
    "whitespace",
    [
      turn("system", "\n s \t"),
      turn("user", "  a\n\n\tb  \r\n"),
      turn("assistant", "\n\n    indented\n  "),
      turn("user", "\n"),
      turn("assistant", " "),
    ],
  ],
  [
    "code and markup",
    [
      turn("user", "{{ x }} {% if %} {# c #} <b>&amp;</b> $1 $& \\n"),
      turn("assistant", "```py\nprint('<|im_end|>')\n```\n"),
    ],
  ],
  [
    "control tokens in the text",
    [
      turn("user", "<|im_start|>user\n</s>[INST] <start_of_turn>"),
      turn("assistant", "<|im_end|></s><end_of_turn><|eot_id|>"),
    ],
  ],
  ["empty contents", [turn("system", ""), turn("user", ""), turn("assistant", "")]],
  [
    "the same role twice",
    [turn("user", "one"), turn("user", "two"), turn("assistant", "three"), turn("assistant", "four")],
  ],
  ["assistant first", [turn("assistant", "Welcome!"), turn("user", "Hi"), turn("assistant", "Hello")]],
  [
    "a system turn in between",
    [turn("user", "a"), turn("system", "now in German"), turn("user", "b"), turn("assistant", "c")],
  ],
  ["names", [turn("user", "hi", { name: "ann" }), turn("assistant", "hello", { name: "bot" })]],
  ["many turns", Array.from({ length: 24 }, (_, at) => turn(at % 2 ? "assistant" : "user", `turn ${at}`))],
  [
    "thinking off",
    longer,
    { chat_template_kwargs: { enable_thinking: false, thinking: false, reasoning_effort: "low" } },
  ],
  [
    "thinking on",
    longer,
    {
      chat_template_kwargs: {
        enable_thinking: true,
        thinking: true,
        reasoning_effort: "high",
        preserve_thinking: true,
      },
    },
  ],
  [
    "variables of other kinds",
    plain,
    {
      chat_template_kwargs: {
        date_string: "01 Jan 2025",
        builtin_tools: ["browser", "python"],
        custom: [1, { a: new Float(1, "1.0") }],
        add_bos: true,
      },
    },
  ],
];

/** Each case with and without a generation prompt. */
export const conversations: Conversation[] = cases.flatMap(([name, messages, options]) =>
  [false, true].map((addGenerationPrompt) => ({
    name: addGenerationPrompt ? `${name}, to be answered` : name,
    messages,
    options: { addGenerationPrompt, ...options },
  })),
);

export const specialTokens = { bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>", pad_token: "<pad>" };
