// What a run trained, from its own folder: the samples of its events, its data, model and settings, compared with the prediction.
import { createReadStream, existsSync } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import type { Finding } from "../dataset/canonical.js";
import { loadMaskModel } from "../dataset/masks/load-mask-model.js";
import { type MaskEngine, type MaskModel, maskEngines } from "../dataset/masks/mask-model.js";
import { maskSettings } from "../dataset/masks/mask-settings.js";
import { type EngineSample, matchSamples, type SampleMatch, sampleFindings } from "../dataset/preview/match-samples.js";
import { FtError } from "../errors.js";
import { readTemplate } from "../models/template.js";
import { eventSchema } from "../runs/events.js";
import { readJob } from "../runs/job-file.js";
import { storedRecipe } from "./stored-recipe.js";

export interface RunSamples {
  engine: MaskEngine;
  model: MaskModel;
  matches: SampleMatch[];
  /** TOK007, for those that are not as predicted. */
  findings: Finding[];
}

/**
 * @param dir the run's folder
 * @param cwd places are named as seen from there
 * @throws FtError run.no-job, run.no-samples (exit environment), model.*, data.*
 */
export async function runSamples(dir: string, cwd: string): Promise<RunSamples> {
  const { id, engine: ran } = readJob(dir);
  const engine = maskEngines.find((name) => name === ran.name);
  const samples = await readSamples(join(dir, "events.jsonl"));
  if (!engine || samples.length === 0) throw noSamples(id);
  const recipe = storedRecipe(dir);
  const modelDir = join(dir, "model");
  const ownTemplate = join(dir, "config/chat_template.jinja");
  const setting = existsSync(ownTemplate) ? ownTemplate : "auto";
  const model = await loadMaskModel({
    dir: modelDir,
    template: readTemplate(setting, { dir: modelDir, cwd: dir }),
    trainOn: recipe.data.train_on,
    maxLength: recipe.data.max_length,
    ...maskSettings(recipe),
  });
  const path = join(dir, "data/train.jsonl");
  const name = relative(cwd, path);
  const matches = await matchSamples(samples, { path, name }, model, engine);
  return { engine, model, matches, findings: sampleFindings(matches, name) };
}

/** Of the last attempt that has some. */
async function readSamples(file: string): Promise<EngineSample[]> {
  let samples: EngineSample[] = [];
  let attempt = 0;
  if (!existsSync(file)) return samples;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (!line.includes('"sample"')) continue;
    const event = parseEvent(line);
    if (event?.kind !== "sample") continue;
    if (event.attempt !== attempt) samples = [];
    attempt = event.attempt;
    samples.push(event);
  }
  return samples;
}

function parseEvent(line: string) {
  try {
    return eventSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null; // a torn last line
  }
}

function noSamples(id: string): FtError {
  return new FtError({
    code: "run.no-samples",
    exit: "environment",
    message: `the run ${id} has told nothing of what it trained on`,
    why: "samples come when its training starts",
    next: `look how far it got: ft runs show ${id}`,
  });
}
