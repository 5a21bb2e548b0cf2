// Everything that `ft models show` tells of one model: of the catalogue, of a folder, or of any hub id.
import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { FtError } from "../errors.js";
import type { Env } from "../paths.js";
import { type CatalogueEntry, findAlias, findHubId } from "./catalogue.js";
import { findHere } from "./describe.js";
import { fetchConfig } from "./fetch-config.js";
import { hasEuClause, type Licence, licenceOf } from "./licences.js";
import { misnamed } from "./misnamed.js";
import { missingParts } from "./model-folder.js";
import type { ModelShape } from "./model-shape.js";
import { readConfig } from "./read-config.js";
import { type ResolvedModel, resolveModel } from "./resolve.js";
import { readTemplate } from "./template.js";
import { templateFamily } from "./template-family.js";

export interface ModelCard {
  asked: string;
  /** What is used instead of what was typed, and why. */
  notice: string | null;
  alias: string | null;
  /** Hub id or absolute path. */
  id: string;
  /** Its folder on this machine; null: not downloaded. */
  dir: string | null;
  /** What its folder lacks to be trainable. */
  missing: string[];
  shape: ModelShape;
  activeParamsB: number;
  /** Tokens. Null here and below: not known, or not before it is downloaded. */
  maxContext: number | null;
  /** "none": it has no chat template. */
  templateFamily: string | null;
  eosToken: string | null;
  endOfTurnToken: string | null;
  gated: boolean | null;
  origin: string | null;
  released: string | null;
  multimodal: boolean;
  licence: Licence | null;
  licenceNote: string | null;
  /** The licence grants nothing in this model to people and companies of the EU. */
  euClause: boolean | null;
  /** Names that people type for models that don't exist and that ft answers with this one. */
  typedInstead: string[];
  /** Where the facts come from. */
  source: string;
}

export interface CardOptions {
  cwd: string;
  env: Env;
  signal?: AbortSignal | undefined;
}

/**
 * No request for what is in the catalogue or on this machine; for other hub ids one, for config.json.
 * Throws FtError models.unknown (exit usage), model.* (see resolve.ts, hub-request.ts), models.no-facts.
 */
export async function modelCard(asked: string, options: CardOptions): Promise<ModelCard> {
  const folder = folderOf(asked, options.cwd);
  if (folder !== null) return folderCard({ asked, id: folder, dir: folder });
  const model = resolveTyped(asked, options);
  const here = await findHere(model, options);
  const entry = model.source === "hub" || model.source === "embedded" ? findHubId(model.id) : undefined;
  if (entry) return catalogueCard(entry, { asked, notice: model.notice, dir: here?.dir ?? null });
  if (here) return folderCard({ asked, id: model.id, dir: here.dir });
  if (model.source !== "hub")
    throw noFacts(asked, "what is in it is known once ft has converted it", "ft run converts it");
  const config = await fetchConfig(model.id, model.revision, options);
  return configCard(config, { asked, id: model.id, dir: null, missing: [], source: `config.json of ${model.id}` });
}

/** A folder may be looked at before it is complete. */
function folderOf(asked: string, cwd: string): string | null {
  if (findAlias(asked) || misnamed.some(({ typed }) => typed === asked.toLowerCase())) return null;
  const path = resolve(cwd, asked);
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? path : null;
}

/** On a command line a name that leads nowhere is a usage error, not one of a recipe. */
function resolveTyped(asked: string, options: CardOptions): ResolvedModel {
  try {
    return resolveModel(asked, options);
  } catch (error) {
    if (!(error instanceof FtError)) throw error;
    const { message, why, next } = error;
    throw new FtError({
      code: "models.unknown",
      exit: "usage",
      message: message.replace(/^model\.base: /, ""),
      ...(why ? { why } : {}),
      ...(next ? { next } : {}),
    });
  }
}

function catalogueCard(entry: CatalogueEntry, told: Pick<ModelCard, "asked" | "notice" | "dir">): ModelCard {
  return {
    ...told,
    alias: entry.alias,
    id: entry.hubId,
    missing: [],
    shape: shapeOf(entry),
    activeParamsB: entry.activeParamsB,
    maxContext: entry.maxContext,
    templateFamily: entry.templateFamily,
    eosToken: entry.eosToken,
    endOfTurnToken: entry.endOfTurnToken || null,
    gated: entry.gated,
    origin: entry.origin,
    released: entry.released,
    multimodal: entry.multimodal,
    licence: licenceOf(entry),
    licenceNote: entry.licenceNote,
    euClause: hasEuClause(entry),
    typedInstead: misnamed.filter(({ use }) => use === entry.alias).map(({ typed }) => typed),
    source: entry.source,
  };
}

function folderCard({ asked, id, dir }: { asked: string; id: string; dir: string }): ModelCard {
  const config = readJson(join(dir, "config.json"));
  const template = readTemplate("auto", { dir, cwd: dir });
  const family = template && templateFamily(template.source);
  const eos = (readJson(join(dir, "tokenizer_config.json")) as { eos_token?: unknown } | null)?.eos_token;
  const eosToken = typeof eos === "string" ? eos : ((eos as { content?: string } | undefined)?.content ?? null);
  return {
    ...configCard(config, { asked, id, dir, missing: missingParts(dir), source: join(dir, "config.json") }),
    templateFamily: template === null ? "none" : (family?.family ?? null),
    eosToken,
    endOfTurnToken: template === null ? null : (family?.endOfTurn ?? eosToken),
  };
}

function configCard(config: unknown, told: Pick<ModelCard, "asked" | "id" | "dir" | "missing" | "source">): ModelCard {
  const found = readConfig(config);
  if ("problem" in found) {
    const why = config === null ? "it has no readable config.json" : found.problem;
    const name = "name a folder or hub id of a causal language model in transformers' format";
    throw noFacts(told.asked, why, config === null ? name : `add or mend these keys in ${told.source}, or ${name}`);
  }
  const shape = shapeOf(found);
  return {
    ...told,
    notice: null,
    alias: null,
    shape,
    activeParamsB: found.activeParamsB,
    maxContext: found.maxContext,
    templateFamily: null,
    eosToken: null,
    endOfTurnToken: null,
    gated: null,
    origin: null,
    released: null,
    multimodal: found.multimodal,
    licence: null,
    licenceNote: null,
    euClause: null,
    typedInstead: [],
  };
}

function shapeOf(facts: ModelShape): ModelShape {
  const { family, paramsB, layers, hidden, heads, kvHeads, headDim, intermediate } = facts;
  const { experts, expertsPerToken, vocab, tiedEmbeddings, details } = facts;
  return {
    ...{ family, paramsB, layers, hidden, heads, kvHeads, headDim, intermediate },
    ...{ experts, expertsPerToken, vocab, tiedEmbeddings },
    ...(details ? { details } : {}),
  };
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

function noFacts(asked: string, why: string, next: string): FtError {
  return new FtError({ code: "models.no-facts", exit: "usage", message: `no facts about ${asked}`, why, next });
}
