// TRL as ft's engine: what it can do at the pinned version, and its render.
import type { Engine } from "../contract.js";
import { renderTrl } from "./render.js";

export const trl: Engine = {
  name: "trl",
  unsupported: ({ method, compute }) =>
    method.type === "qlora" && compute.device === "mps"
      ? "4-bit weights (bitsandbytes) do not run on MPS; use lora"
      : null,
  render: renderTrl,
};
