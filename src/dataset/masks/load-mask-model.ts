// Loads what mask prediction needs of a model: tokenizer, compiled template, and the layout the engine will get.
import type { CheckModel } from "../check-dataset.js";
import { compileTemplate } from "../template/compile.js";
import { loadTokenizer } from "../tokens/tokenizer.js";
import type { MaskModel } from "./mask-row.js";

/** @throws FtError model.*, template.invalid */
export async function loadMaskModel({ dir, template, trainOn }: Omit<CheckModel, "maxLength">): Promise<MaskModel> {
  const tokenizer = await loadTokenizer(dir);
  return {
    tokenizer,
    render: template && compileTemplate(template.source, tokenizer.templateVariables),
    layout: template?.hasGenerationMarkers ? "messages" : "prompt-completion",
    trainOn,
  };
}
