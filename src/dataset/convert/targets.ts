// Every target of `ft data convert`, each in its own file, loaded when it is asked for.
import type { Target } from "./target.js";

export const targets: Readonly<Record<TargetName, () => Promise<Target>>> = {
  messages: async () => (await import("./messages.js")).messagesTarget,
  alpaca: async () => (await import("./alpaca.js")).alpacaTarget,
  sharegpt: async () => (await import("./sharegpt.js")).sharegptTarget,
  trl: async () => (await import("./trl.js")).trlTarget,
  axolotl: async () => (await import("./axolotl.js")).axolotlTarget,
  openai: async () => (await import("./openai.js")).openaiTarget,
  together: async () => (await import("./openai.js")).togetherTarget,
  fireworks: async () => (await import("./openai.js")).fireworksTarget,
  bedrock: async () => (await import("./bedrock.js")).bedrockTarget,
  vertex: async () => (await import("./vertex.js")).vertexTarget,
};

export type TargetName =
  | "messages"
  | "alpaca"
  | "sharegpt"
  | "trl"
  | "axolotl"
  | "openai"
  | "together"
  | "fireworks"
  | "bedrock"
  | "vertex";
