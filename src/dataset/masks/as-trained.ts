// What a whole dataset decides of how each of its rows is trained.
import type { CheckModel } from "../check-dataset.js";
import { type DatasetSource, filesOf } from "../dataset-facts.js";
import { readRows } from "../read-rows.js";
import { trainingTwin } from "./training-twin.js";

/**
 * The model with `turnByTurn` where a row of the dataset has a turn with a weight: then TRL gets every conversation one line an assistant turn,
 * those without weights too. Reads the rows up to that one, and only where TRL would else get whole conversations.
 * @throws FtError data.*
 */
export async function asTrained(model: CheckModel, source: DatasetSource): Promise<CheckModel> {
  const { engine, trainOn, template } = model;
  const getsWhole = template !== null && (template.hasGenerationMarkers || trainingTwin(template.sha256) !== null);
  if (engine !== "trl" || trainOn === "all" || !getsWhole) return model;
  return (await hasWeights(source)) ? { ...model, turnByTurn: true } : model;
}

async function hasWeights(source: DatasetSource): Promise<boolean> {
  for (const side of ["train", "eval"] as const) {
    for (const file of filesOf(source, side)) {
      for await (const { row } of readRows({ ...file, report: () => {} })) {
        if (row?.kind === "messages" && row.messages.some(({ weight }) => weight !== undefined)) return true;
      }
    }
  }
  return false;
}
