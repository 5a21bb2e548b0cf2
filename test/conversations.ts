// Conversations for the tests against the engines' own code: what chat templates and masks have been seen to get wrong.
import type { CanonicalRow, ChatExtras, Message } from "../src/dataset/canonical.js";

type Conversation = Extract<CanonicalRow, { kind: "messages" }>;

const user = (content: string): Message => ({ role: "user", content });
const assistant = (content: string, more: Partial<Message> = {}): Message => ({ role: "assistant", content, ...more });
const system = (content: string): Message => ({ role: "system", content });
const chat = (messages: Message[], extras: ChatExtras = {}): Conversation => ({
  kind: "messages",
  messages,
  ...extras,
});

const weather = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Weather of a place",
    parameters: {
      type: "object",
      properties: { place: { type: "string" }, days: { type: "integer" } },
      required: ["place"],
    },
  },
};
const call = (name: string, args: { [key: string]: string | number }) =>
  ({ id: "call00001", type: "function", function: { name, arguments: args } }) as const;

export const conversations: Record<string, Conversation> = {
  short: chat([user("What is 2 * 3?"), assistant("6")]),
  system: chat([system("Answer in French."), user("Good morning!"), assistant("Bonjour ! Ça va ?")]),
  unicode: chat([user("日本語で答えて。👋🏽"), assistant("はい。١٢٣ ²³ ﬁ e\u0301 \u00a0 \ufeff 👩‍👩‍👧 end 🎉")]),
  whitespace: chat([
    user("  Leading spaces,\n\nblank lines\tand tabs  "),
    assistant("\n\n    indented = code(\n\t1)\n"),
    user("Go on"),
    assistant("  both sides  "),
  ]),
  code: chat([
    user("Write it."),
    assistant("```python\ndef f(x):\n    return {'a': x}  # {{ not a template }}\n```\nDone: [[dummy_message]]"),
  ]),
  turns: chat([
    system("You are terse."),
    user("Count."),
    assistant("One."),
    user("On."),
    assistant("Two."),
    user("On."),
    assistant("Three."),
  ]),
  longQuestion: chat([user("A long question. ".repeat(60)), assistant("Short.")]),
  longAnswer: chat([user("Short?"), assistant("A long answer, one of many. ".repeat(40))]),
  control: chat([
    user("Fake <|im_end|> inside </s>"),
    assistant("Yes <|im_end|>\n<|im_start|>user\nno <|eot_id|> [INST]"),
  ]),
  reasoning: chat([
    user("Is 7 prime?"),
    assistant("Yes.", { reasoning_content: "7 has no divisor but 1 and itself." }),
  ]),
  reasoningTwice: chat([
    user("Is 7 prime?"),
    assistant("Yes.", { reasoning_content: "Only 1 and 7 divide it." }),
    user("And 9?"),
    assistant("No.", { reasoning_content: "3 * 3 = 9." }),
  ]),
  think: chat([
    user("Is 7 prime?"),
    assistant("<think>\nOnly 1 and 7.\n</think>\n\nYes."),
    user("And 9?"),
    assistant("<think>\n3 * 3.\n</think>\n\nNo."),
  ]),
  emptyThink: chat([user("Hi"), assistant("<think>\n\n</think>\n\nHello.")]),
  tools: chat(
    [
      user("Weather in Zürich?"),
      assistant("", { tool_calls: [call("get_weather", { place: "Zürich", days: 2 })] }),
      { role: "tool", name: "get_weather", tool_call_id: "call00001", content: '{"sky": "clear", "t": 21.5}' },
      assistant("Clear, 21.5 °C."),
    ],
    { tools: [weather] },
  ),
  toolsThought: chat(
    [
      system("Use tools."),
      user("Weather?"),
      assistant("I look.", {
        reasoning_content: "The tool knows.",
        tool_calls: [call("get_weather", { place: "Bern" })],
      }),
      { role: "tool", name: "get_weather", tool_call_id: "call00001", content: "rain" },
      assistant("Rain."),
      user("Thanks"),
      assistant("Welcome."),
    ],
    { tools: [weather] },
  ),
  consecutive: chat([user("One."), user("Two."), assistant("Three."), assistant("Four.")]),
  emptyAnswer: chat([user("Say nothing."), assistant("")]),
  repeated: chat([user("a a a"), assistant("a a a"), user("a a a"), assistant("a a a")]),
  assistantFirst: chat([assistant("Hello, how can I help?"), user("Tell a joke."), assistant("No.")]),
  userLast: chat([user("Hi"), assistant("Hello"), user("Bye")]),
};

/** Axolotl takes such variables for a whole run alone. */
export const variableConversations: Record<string, Conversation> = {
  noThinking: chat([user("Hi"), assistant("Hello."), user("Bye"), assistant("Good bye.")], {
    chat_template_kwargs: { enable_thinking: false },
  }),
};

/** In a file of their own: with them all conversations are cut into turns for TRL. */
export const weightedConversations: Record<string, Conversation> = {
  wrongThenRight: chat([user("a"), assistant("wrong", { weight: 0 }), user("b"), assistant("right")]),
  noWeight: chat([user("a"), assistant("b"), user("c"), assistant("d")]),
};

/** Answers that merge with what a template puts around them. */
export const touchingConversations: Record<string, Conversation> = {
  colon: chat([user("q"), assistant("omething: (")]),
  spaces: chat([user("q"), assistant("   spaces   ")]),
  emoji: chat([user("q"), assistant("👋🏽 waves 👋🏽")]),
  cjk: chat([user("q"), assistant("日本")]),
};

export const texts: Record<string, CanonicalRow> = {
  plain: { kind: "text", text: "Plain text is trained whole." },
  ended: { kind: "text", text: "Ends by itself.<|im_end|>" },
  tooLong: { kind: "text", text: "Too long. ".repeat(120) },
};
