// Loads what mask prediction needs of a model: its tokenizer, the compiled template, and TRL's twin of that.
import { compileTemplate } from "../template/compile.js";
import { loadTokenizer } from "../tokens/tokenizer.js";
import type { MaskModel, RunSettings } from "./mask-model.js";
import { trainingTwin } from "./training-twin.js";

/**
 * @param dir local folder with tokenizer.json
 * @throws FtError model.*, template.invalid
 */
export async function loadMaskModel({
  dir,
  template,
  trainOn,
  maxLength,
  objective,
  packing,
  tooLong,
  turnByTurn,
}: { dir: string } & Pick<MaskModel, "template" | "trainOn" | "maxLength"> & RunSettings): Promise<MaskModel> {
  const tokenizer = await loadTokenizer(dir);
  const compile = (source: string) => compileTemplate(source, tokenizer.templateVariables);
  const twin = template && !template.hasGenerationMarkers ? trainingTwin(template.sha256) : null;
  return {
    tokenizer,
    template,
    render: template && compile(template.source),
    renderTwin: twin === null ? null : compile(twin),
    trainOn,
    maxLength,
    objective,
    packing,
    tooLong,
    turnByTurn,
  };
}
