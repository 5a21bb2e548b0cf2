// TRL as ft's engine: what it can do at the pinned version, and its render.
import type { Engine } from "../contract.js";
import { renderTrl } from "./render.js";

export const trl: Engine = {
  name: "trl",
  unsupported: ({ method, compute, train }) => {
    if (method.type === "qlora" && compute.device === "mps")
      return "4-bit weights (bitsandbytes) do not run on MPS; use lora";
    if (train.optimizer === "muon") return "transformers has no muon; axolotl has it (engine: axolotl)";
    return null;
  },
  render: renderTrl,
};
