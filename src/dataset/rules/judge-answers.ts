// QUAL: what one answer that is to be learnt shows by itself.
import type { RowProblem, RuleId } from "../rules.js";
import type { RowText } from "./row-texts.js";
import { has } from "./scan-text.js";

/** Problems of an answer; a text without a question is none. */
export function judgeAnswer({ at, text, bits, question }: RowText): RowProblem[] {
  if (question === undefined || text.trim() === "") return [];
  const problems: RowProblem[] = [];
  const add = (rule: RuleId, message: string) => problems.push({ rule, message: `${at} ${message}` });
  const self = aboutItself.exec(text.slice(0, 400))?.[0];
  if (self) add("QUAL001", `says "${self}"`);
  const blank = mayBlank(text) ? placeholder.exec(withoutFences(text))?.[0] : undefined;
  if (blank && !wantsBlanks.test(question)) add("QUAL002", `has "${blank.slice(0, 40)}"`);
  if (isEcho(text, question)) add("QUAL003", "is its question again");
  if (hasOpenFence(text)) add("QUAL004", "opens a code block that it does not close");
  const loop = loopIn(text);
  if (loop) add("QUAL005", `repeats one piece of ${loop.length} characters ${loop.times} times`);
  if (bits & has.markup) {
    const tag = remainsOfMarkup(text, question);
    if (tag) add("QUAL006", `has ${tag}`);
    if (isUnbalancedThinking(text)) add("QUAL013", "opens and closes thinking unequally often");
  }
  if (text.length < 60 && !/[\p{L}\p{N}\p{S}\p{Emoji}]/u.test(text)) add("QUAL009", "has no letter and no digit");
  const turn = (mayHaveTurns(text) ? nextTurn.exec(text)?.[0] : undefined) ?? exchangeIn(text, question);
  if (turn) add("QUAL012", `has "${turn.trim()}" on a line of its own`);
  return problems;
}

/** Phrases by which models name themselves. */
const aboutItself =
  /\b[Aa]s an? (?:AI|artificial intelligence)(?: (?:language|text-based|assistant))? ?(?:model|assistant|system|program)?\b(?=,| I\b| trained| developed)|\bI(?:'|’)?a?m (?:just |only |sorry, but I am )?an? (?:AI|large) language model\b|\b[Aa]s a large language model\b|\bI (?:was|am) (?:trained|created|developed) by (?:OpenAI|Anthropic|Google|Meta)\b|作为(?:一个|一名)?(?:AI|人工智能)(?:语言模型|助手|模型)|作为(?:一个|一名)?语言模型/;

const placeholder =
  /\b[Ll]orem ipsum\b|\[(?:[Ii]nsert|INSERT|[Yy]our|YOUR) [^\]\n]{1,40}\](?!\()|\{\{ ?(?:answer|response|output|completion|name|author) ?\}\}|<(?:insert|your)[ _-][^>\n]{1,30}>|^(?:TODO|TBD|FIXME|N\/A|null|undefined|NaN)$/;

/** A template is to have them, and so is an example in a code block. */
const wantsBlanks = /\btemplates?\b|\bplaceholders?\b|\bfill[- ]in|\blorem\b|模板|模版|占位|填空/i;

function withoutFences(text: string): string {
  return text.includes("```") ? text.replace(/^[ \t>]*```[^\n]*\n.*?^[ \t>]*```/gms, "") : text;
}

function mayBlank(text: string): boolean {
  return (
    text.length < 10 || text.includes("[") || text.includes("<") || text.includes("{{") || text.includes("orem ipsum")
  );
}

/** Short ones may be right: "Yes" to "Yes?". A question that asks for it ("repeat after me") is longer than its answer. */
function isEcho(answer: string, question: string): boolean {
  return question.length >= 20 && Math.abs(answer.length - question.length) < 8 && answer.trim() === question.trim();
}

/** Fences stand at the beginning of a line; a longer one may hold shorter ones. */
function hasOpenFence(text: string): boolean {
  if (!text.includes("```")) return false;
  let open = "";
  for (const [, fence = "", rest = ""] of text.matchAll(/^[ \t>]*(`{3,})([^`\n]*)$/gm)) {
    if (open === "") open = fence;
    else if (fence.length >= open.length && rest.trim() === "") open = "";
  }
  return open !== "";
}

const loopTimes = 6;

/** A piece of 8 letters or more that stands so often in a row at the end of the text. */
function loopIn(text: string): { length: number; times: number } | null {
  if (text.length < 120) return null;
  const end = text.trimEnd().length;
  const probe = text.slice(end - 16, end);
  const before = text.lastIndexOf(probe, end - 17);
  const length = end - 16 - before;
  if (before === -1 || length < 8 || length * loopTimes > end) return null;
  const piece = text.slice(end - length, end);
  if ((piece.match(/\p{L}/gu)?.length ?? 0) < 6) return null;
  let times = 1;
  while (text.endsWith(piece, end - times * length) && (times + 1) * length <= end) times += 1;
  return times >= loopTimes ? { length, times } : null;
}

const tag =
  /<\/?(?:p|br|div|span|font|td|tr|table|tbody|ul|ol|li|strong|em|h[1-6]|a href=[^>]{1,200})\s*\/?>|&(?:nbsp|amp|quot|lt|gt|#\d{2,4});/i;
const aboutMarkup =
  /html|xml|\bcss\b|tag|web ?(?:page|site)|markup|jsx|react|vue|svg|javascript|php|\bdom\b|网页|标签/i;

function remainsOfMarkup(text: string, question: string): string | null {
  const found = tag.exec(text)?.[0];
  if (!found || text.includes("```") || /<(?:html|body|head|script|style|!DOCTYPE)/i.test(text)) return null;
  return aboutMarkup.test(question) || aboutMarkup.test(text.replace(found, "")) || tag.test(question)
    ? null
    : found.slice(0, 40);
}

function isUnbalancedThinking(text: string): boolean {
  if (!text.includes("think>")) return false;
  return text.split("<think>").length !== text.split("</think>").length;
}

/** "User:" alone may begin a form, with an "Assistant:" after it the chat goes on. */
const nextExchange = /^(?:User|Human): ?\S[^\n]{0,60}(?=[\s\S]*^(?:Assistant|AI|Bot): ?\S)/m;

/** The regular expression stops at the beginning of each line otherwise. */
function mayHaveTurns(text: string): boolean {
  return ["###", "Human:", "USER:", "[INST]", "<"].some((mark) => text.includes(mark));
}

function exchangeIn(text: string, question: string): string | undefined {
  if (!text.includes("User:") && !text.includes("Human:")) return undefined;
  return wantsDialogue.test(question) ? undefined : nextExchange.exec(text)?.[0];
}

const wantsDialogue = /\b(?:dialog(?:ue)?|conversation|chat|script|transcript|prompt)s?\b|对话/i;

const nextTurn =
  /^(?:### ?(?:Instruction|Input|Response|Human|User|Assistant):?|(?:Human|USER|\[INST\]): ?(?=\S)|<\|?(?:user|human|assistant)\|?>)[^\n]{0,60}/m;
