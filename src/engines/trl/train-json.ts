// config/train.json: what TRL's own command line has no key for; read by ft_trainer.trl_train.
import type { Recipe } from "../../recipes/schema.js";

export function trainJson({ objective, method, model, train, data }: Recipe): string {
  const settings = {
    objective: objective.type,
    lora: method.type === "full" ? null : { layers: method.layers ?? null, init: method.init },
    loraPlusRatio: method.lora_plus_ratio ?? null,
    newTokens: model.new_tokens ?? [],
    earlyStopping: train.early_stopping ?? null,
    ...(data.too_long === "drop" ? { tooLong: "drop" } : {}),
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}
