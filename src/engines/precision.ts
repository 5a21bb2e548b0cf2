// The numbers' type that a recipe means on a device; the same for every engine.
import type { Recipe } from "../recipes/schema.js";
import type { RenderInput } from "./contract.js";

export type Precision = "fp32" | "bf16" | "fp16";

/** Adapters of a 4-bit base are kept in bf16, and CUDA's fp16 loss scaler has no kernel for that: qlora is never fp16 by itself. */
export function precisionOf({ train, method }: Recipe, device: RenderInput["device"]): Precision {
  if (train.precision !== "auto") return train.precision;
  if (device.kind !== "cuda") return "fp32";
  if (device.bf16) return "bf16";
  return method.type === "qlora" ? "fp32" : "fp16";
}

export const torchNames: Record<Precision, string> = { fp32: "float32", bf16: "bfloat16", fp16: "float16" };
