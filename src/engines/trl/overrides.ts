// engine.overrides for TRL: checked against the pinned version's key table, then put over what ft rendered.
import { distance } from "fastest-levenshtein";
import { FtError, type Problem } from "../../errors.js";
import { trlKeys, trlVersion } from "./keys.js";

/** ft finds what these name again after the run; or a recipe key says it. */
const owned: Record<string, string> = {
  model_name_or_path: "use model.base",
  model_revision: "use model.revision",
  dataset_name: "use data.train",
  datasets: "use data.train",
  output_dir: "ft collects the run from there",
  max_length: "use data.max_length",
  seed: "use train.seed",
  learning_rate: "use train.learning_rate",
  max_steps: "use train.max_steps",
  num_train_epochs: "use train.epochs",
  per_device_train_batch_size: "use train.micro_batch",
  gradient_accumulation_steps: "use train.batch_size and train.micro_batch",
  completion_only_loss: "use data.train_on",
  assistant_only_loss: "use data.train_on",
  chat_template_path: "use model.template",
  use_peft: "use method",
  lora_r: "use method.rank",
  lora_alpha: "use method.alpha",
  lora_dropout: "use method.dropout",
  lora_target_modules: "use method.target_modules",
  load_in_4bit: "use method: qlora",
  resume_from_checkpoint: "use `ft runs resume`",
  push_to_hub: "ft keeps adapters itself",
};

type Sections = Record<string, Record<string, unknown>>;

/** @throws FtError recipe.overrides: all unknown or owned keys at once */
export function mergeOverrides(sections: Sections, overrides: Record<string, unknown>): Sections {
  const problems = Object.keys(overrides).flatMap((key) => problemOf(key));
  if (problems.length > 0) {
    throw new FtError({
      code: "recipe.overrides",
      exit: "recipe",
      message: "engine.overrides has keys that cannot be used",
      problems,
      next: "mend engine.overrides in the recipe",
    });
  }
  const kept = Object.fromEntries(
    Object.entries(sections).map(([heading, section]) => [
      heading,
      Object.fromEntries(Object.entries(section).filter(([key]) => !Object.hasOwn(overrides, key))),
    ]),
  );
  return { ...kept, "engine.overrides of the recipe": overrides };
}

function problemOf(key: string): Problem[] {
  if (Object.hasOwn(owned, key)) return [{ message: `engine.overrides.${key} is ft's own`, fix: owned[key]! }];
  if (Object.hasOwn(trlKeys, key)) return [];
  const near = Object.keys(trlKeys).reduce((best, known) =>
    distance(key, known) < distance(key, best) ? known : best,
  );
  return [{ message: `TRL ${trlVersion} has no key ${key}`, fix: `did you mean ${near}?` }];
}
