import { extrasOf } from "../carried.js";
import type { RenderChat } from "../template/compile.js";
import type { ModelTokenizer } from "../tokens/tokenizer.js";
import type { MaskableRow } from "./given-lines.js";
import { type MaskedLine, type MaskModel, UnknownMask } from "./mask-model.js";

/** What Unsloth is told to look for: instruction_part and response_part. */
export interface TurnMarkers {
  user: string;
  assistant: string;
}

/** A conversation as Unsloth's notebooks train it: rendered to text, cut, and then searched. Lines without a response are left out. */
export function responseLines(row: MaskableRow, model: MaskModel): MaskedLine[] {
  if (row.kind !== "messages") throw new UnknownMask("train_on_responses_only is for conversations");
  const render = model.render as RenderChat;
  const { text } = render(row.messages, { ...extrasOf(row), aliasReasoning: false, addGenerationPrompt: false });
  const { tokenizer, maxLength } = model;
  const bos = tokenizer.templateVariables.bos_token;
  const ids = bos && text.startsWith(bos) ? tokenizer.encode(text) : tokenizer.encodePlain(text);
  const kept = Math.min(ids.length, maxLength);
  const trained = new Uint8Array(ids.length);
  for (const [start, end] of responseSpans(ids.slice(0, kept), turnMarkers(model), tokenizer))
    trained.fill(1, start, end);
  return [{ ids, trained, text, offsets: null, kept, dropped: !trained.includes(1) }];
}

/**
 * The markers that a person would give: what the template puts between an answer and the next question, and back. Told from a probe; Unsloth
 * has its own detection, which agrees where the template has a generation prompt. Throws UnknownMask.
 */
export function turnMarkers({ render, tokenizer }: Pick<MaskModel, "render" | "tokenizer">): TurnMarkers {
  const [question, answer] = ["zebra", "okapi"];
  const turns = (["user", "assistant", "user", "assistant", "user"] as const).map((role) => ({
    role,
    content: role === "user" ? question : answer,
  }));
  const { text } = (render as RenderChat)(turns, { addGenerationPrompt: false });
  const [, toAnswer, toQuestion] = text.split(new RegExp(`${question}|${answer}`));
  if (toAnswer === undefined || toQuestion === undefined) throw new UnknownMask("the template shows no turns");
  const asking = (render as RenderChat)(turns, { addGenerationPrompt: true }).text;
  const header = asking.startsWith(text) ? asking.slice(text.length) : "";
  const closing = header !== "" && toAnswer.endsWith(header) ? toAnswer.slice(0, -header.length) : "";
  const { bos_token: bos, eos_token: eos } = tokenizer.templateVariables;
  const assistant = withoutStart(header !== "" && toAnswer.endsWith(header) ? header : toAnswer, [bos, eos]);
  const user = withoutStart(toQuestion, [closing, bos, eos]);
  if (assistant.trim() === "" || user.trim() === "") throw new UnknownMask("the template marks no turns by text");
  return { user, assistant };
}

/** bos and eos belong to the turn before; bos stays where turns open with it. */
function withoutStart(text: string, parts: (string | undefined)[]): string {
  const found = parts.find((part) => part !== undefined && part !== "" && text.startsWith(part) && text !== part);
  return found === undefined ? text : withoutStart(text.slice(found.length), parts);
}

/** The stretches of tokens that are trained, [start, end), in order. */
export function responseSpans(
  ids: readonly number[],
  markers: TurnMarkers,
  tokenizer: ModelTokenizer,
): [number, number][] {
  const { user, assistant } = distinct(
    markerTokens(markers.user, tokenizer),
    markerTokens(markers.assistant, tokenizer),
  );
  const opener = sharedOpener(user, assistant, tokenizer);
  const holds = (part: readonly number[], at: number) =>
    part.length > 0 && part.every((id, index) => ids[at + index] === id);
  const spans: [number, number][] = [];
  let at = 0;
  while (at < ids.length) {
    if (!holds(assistant.core, at)) {
      at += 1;
      continue;
    }
    const start = pastEdge(ids, at + assistant.core.length, assistant.after);
    const { end, next } = responseEnd(start);
    if (end !== null) spans.push([start, end]);
    at = next;
  }
  return spans;

  /** A response goes on through its eos, or up to the next turn's opener, or to the end. */
  function responseEnd(start: number): { end: number | null; next: number } {
    for (let at = start; at < ids.length; at += 1) {
      if (ids[at] === tokenizer.eosId) return { end: at + 1, next: at + 1 };
      if (ids[at] === tokenizer.bosId || holds(opener, at) || holds(assistant.core, at)) return { end: at, next: at };
      const isLast = at === ids.length - 1;
      if (!isLast && !holds(user.core, at)) continue;
      const end = beforeEdge(ids, at, user.before);
      // What ends the sequence is trained, were it the user's marker.
      if (isLast && end === at) return { end: ids.length, next: ids.length };
      if (!holds(user.core, at)) throw new UnknownMask("the sequence ends in what may be the edge of a marker");
      return { end, next: pastEdge(ids, at + user.core.length, user.after) };
    }
    return { end: null, next: ids.length };
  }
}

/** A marker's tokens: a core that is always there, and edges that are when nothing merged with them. */
interface MarkerTokens {
  before: number[];
  core: number[];
  after: number[];
}

/** Texts that a marker may touch. */
const neighbours = ["\\", "{", "a", "A", "1", "(", ".", "<", "}", ">"];

/**
 * Tokens at the edges that change when text touches the marker are optional, as long as an added token is left in the core
 * (_find_common_token_ids with force_match, _stable_marker_edges).
 */
function markerTokens(marker: string, tokenizer: ModelTokenizer): MarkerTokens {
  const ids = tokenizer.encode(marker);
  if (ids.length === 0) throw new UnknownMask("a marker of turns has no tokens");
  let [start, end] = [0, ids.length];
  for (const neighbour of neighbours) {
    end = Math.min(end, sharedStart(ids, tokenizer.encode(marker + neighbour)));
    start = Math.max(
      start,
      ids.length - sharedStart(ids.toReversed(), tokenizer.encode(neighbour + marker).toReversed()),
    );
  }
  const core = ids.slice(start, end);
  const isAnchored = core.some((id) => tokenizer.isAdded(id) && tokenizer.token(id).trim() !== "");
  if (core.length === 0 || !isAnchored) return { before: [], core: ids, after: [] };
  return { before: ids.slice(0, start), core, after: ids.slice(end) };
}

/** Where one core begins with the other, the shorter gets its edge back: else both would be found at every turn. */
function distinct(user: MarkerTokens, assistant: MarkerTokens): { user: MarkerTokens; assistant: MarkerTokens } {
  const startsWith = (whole: MarkerTokens, part: MarkerTokens) =>
    sharedStart(part.core, whole.core) === part.core.length;
  const whole = (marker: MarkerTokens) => ({ ...marker, core: [...marker.core, ...marker.after], after: [] });
  const longer = startsWith(user, assistant) && assistant.after.length > 0 ? whole(assistant) : assistant;
  return { assistant: longer, user: startsWith(longer, user) && user.after.length > 0 ? whole(user) : user };
}

/** Special tokens that both markers begin with open every turn, those of tools and system too. */
function sharedOpener(user: MarkerTokens, assistant: MarkerTokens, tokenizer: ModelTokenizer): number[] {
  const shared = user.core.slice(0, sharedStart(user.core, assistant.core));
  const isOpener =
    shared.every((id) => tokenizer.isSpecial(id)) && shared.some((id) => tokenizer.token(id).trim() !== "");
  return isOpener ? shared : [];
}

function pastEdge(ids: readonly number[], at: number, edge: readonly number[]): number {
  return at + sharedStart(edge, ids.slice(at, at + edge.length));
}

function beforeEdge(ids: readonly number[], at: number, edge: readonly number[]): number {
  return at - sharedStart(edge.toReversed(), ids.slice(Math.max(0, at - edge.length), at).toReversed());
}

function sharedStart(a: readonly number[], b: readonly number[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}
