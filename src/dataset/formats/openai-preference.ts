// Preference rows of OpenAI, Together and Fireworks: {input: {messages, tools?}, preferred_output, non_preferred_output}.
import { recordOf } from "../json/json.js";
import { convertMessages } from "./convert-messages.js";
import type { RowFormat } from "./format.js";
import { convertExtras } from "./row-extras.js";

export const openaiPreferenceFormat: RowFormat = {
  name: "openai-preference",
  shape: '{"input": {"messages"}, "preferred_output", "non_preferred_output"}',
  columns: ["input", "preferred_output", "non_preferred_output"],
  recognises: ({ input, preferred_output, non_preferred_output }) =>
    Array.isArray(recordOf(input)?.messages) && Array.isArray(preferred_output) && Array.isArray(non_preferred_output),
  convert({ input, preferred_output, non_preferred_output }, report) {
    const { messages, tools } = recordOf(input) ?? {};
    const extras = convertExtras({ tools }, report);
    const [prompt, chosen, rejected] = [messages, preferred_output, non_preferred_output].map((turns) =>
      convertMessages(turns as unknown[], report),
    );
    if (!extras || !prompt || !chosen || !rejected) return null;
    return { kind: "preference", prompt, chosen, rejected, ...extras };
  },
};
