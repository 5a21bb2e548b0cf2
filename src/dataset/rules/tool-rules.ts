// TOOL: definitions of tools, calls of them, and what the tools answered.
import type { RuleTable } from "./rule.js";

const weather = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather of a city.",
    parameters: {
      type: "object",
      properties: { city: { type: "string" }, days: { type: "integer" } },
      required: ["city"],
    },
  },
};
const call = (name: string, args: unknown) => ({
  role: "assistant",
  content: "",
  tool_calls: [{ id: "call_1", type: "function", function: { name, arguments: args } }],
});
const asked = { role: "user", content: "How is the weather in Oslo?" };
const answered = { role: "tool", tool_call_id: "call_1", content: '{"celsius": 4}' };
const told = { role: "assistant", content: "4 degrees." };
const talk = (name: string, args: unknown, tools: object[] = [weather]) => ({
  messages: [asked, call(name, args), answered, told],
  tools,
});
const good = { train: [talk("get_weather", { city: "Oslo" })] };

export const toolRules = {
  TOOL001: {
    severity: "warning",
    title: "call of a tool that is not defined",
    why: "The model learns to call tools that nobody offered it: at inference such a call fails.",
    fix: "add the tool to the row's tools, or mend its name in the call",
    bad: { train: [talk("weather", { city: "Oslo" })] },
    good,
  },
  TOOL002: {
    severity: "warning",
    title: "arguments that do not fit the tool's schema",
    why: "The model learns calls that the tool's own validation refuses.",
    fix: "mend the arguments, or the parameters of the definition",
    bad: { train: [talk("get_weather", { city: "Oslo", days: "three" })] },
    good,
  },
  TOOL003: {
    severity: "warning",
    title: "required argument missing",
    why: "The model learns to leave out what the tool cannot do without.",
    fix: "add the argument to the call, or do not require it in the definition",
    bad: { train: [talk("get_weather", { days: 3 })] },
    good,
  },
  TOOL004: {
    severity: "warning",
    title: "tool's answer that no call asked for",
    why: "The model sees an answer come from nowhere, and templates that pair answers with calls refuse or misplace it.",
    fix: "put the assistant's call before it; let tool_call_id name the call",
    bad: {
      train: [
        {
          messages: [asked, call("get_weather", { city: "Oslo" }), { ...answered, tool_call_id: "call_9" }, told],
          tools: [weather],
        },
      ],
    },
    good,
  },
  TOOL005: {
    severity: "warning",
    title: "call that no tool answered",
    why: "The turn after it speaks as if the answer were known: the model learns to make it up.",
    fix: "add the tool's turn after the call, or end the row with the call",
    bad: { train: [{ messages: [asked, call("get_weather", { city: "Oslo" }), told], tools: [weather] }] },
    good,
  },
  TOOL006: {
    severity: "warning",
    title: "tool defined twice",
    why: "Which of two tools of one name is meant by a call, nobody can tell.",
    fix: "remove one of the definitions, or rename it",
    bad: { train: [talk("get_weather", { city: "Oslo" }, [weather, weather])] },
    good,
  },
  TOOL008: {
    severity: "warning",
    title: "tool definition that is none",
    why: "Without a name, or with parameters that are no JSON schema, templates render it empty and inference servers refuse it.",
    fix: 'write it as {"type": "function", "function": {"name", "description", "parameters"}}, parameters being a JSON schema of an object',
    bad: {
      train: [
        talk("get_weather", { city: "Oslo" }, [
          {
            type: "function",
            function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "text" } } } },
          },
        ]),
      ],
    },
    good,
  },
  TOOL009: {
    severity: "warning",
    title: "argument that the tool does not have",
    why: "The model learns to invent arguments: strict servers refuse such a call, others ignore the argument.",
    fix: "remove the argument, or add it to the parameters of the definition",
    bad: { train: [talk("get_weather", { city: "Oslo", unit: "celsius" })] },
    good,
  },
} satisfies RuleTable;
