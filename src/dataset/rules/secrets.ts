// Finds secrets by gitleaks' published rules (data/secret-rules.json, MIT): keyword, pattern, entropy and allow lists as gitleaks applies them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { packageRoot } from "../../paths.js";
import { masked } from "./mask.js";
import type { Detected } from "./personal-data.js";
import { has } from "./scan-text.js";

const pattern = z.tuple([z.string(), z.string()]);
const allowSchema = z.object({
  target: z.enum(["secret", "match", "line"]),
  regexes: z.array(pattern).default([]),
  stopwords: z.array(z.string()).default([]),
});
const fileSchema = z.object({
  allow: z.array(allowSchema),
  rules: z.array(
    z.object({
      id: z.string(),
      pattern: z.string(),
      flags: z.string().default(""),
      entropy: z.number().default(0),
      group: z.int().optional(),
      keywords: z.array(z.string()).min(1),
      allow: z.array(allowSchema).default([]),
    }),
  ),
});

interface Allow {
  target: "secret" | "match" | "line";
  regexes: RegExp[];
  stopwords: string[];
}

interface SecretRule {
  id: string;
  regex: RegExp;
  /** Shannon entropy in bits a character that the secret must exceed. */
  entropy: number;
  group: number | undefined;
  allow: Allow[];
}

interface SecretRules {
  keywords: KeywordIndex;
  byKeyword: Map<string, SecretRule[]>;
  allow: Allow[];
}

let loaded: SecretRules | null = null;

/** @param bits `scanText` of the text */
export function secretsIn(text: string, bits: number): Detected[] {
  const found: Detected[] = [];
  if (bits & (has.token | has.dashes)) published(text, found);
  if (bits & has.at && bits & has.address) passwordsInAddresses(text, found);
  return found;
}

function published(text: string, found: Detected[]): void {
  loaded ??= loadRules();
  const { keywords, byKeyword, allow } = loaded;
  const candidates = new Set<SecretRule>();
  for (const keyword of keywordsIn(text, keywords))
    for (const rule of byKeyword.get(keyword) ?? []) candidates.add(rule);
  for (const rule of candidates) {
    for (const match of text.matchAll(rule.regex)) {
      const secret = (rule.group === undefined ? match.slice(1).find(Boolean) : match[rule.group]) ?? match[0];
      if (rule.entropy > 0 && entropyOf(secret) <= rule.entropy) continue;
      if ([...rule.allow, ...allow].some((each) => isAllowed(each, secret, match, text))) continue;
      const start = match.index + match[0].indexOf(secret);
      if (found.some((other) => other.start < start + secret.length && start < other.end)) continue;
      const kind = rule.id === "private-key" ? "SEC003" : "SEC002";
      const shown = kind === "SEC003" ? "a private key" : `${masked(secret)} (${rule.id})`;
      found.push({ rule: kind, start, end: start + secret.length, shown, placeholder: "[SECRET]" });
    }
  }
}

function isAllowed(
  { target, regexes, stopwords }: Allow,
  secret: string,
  match: RegExpExecArray,
  text: string,
): boolean {
  const judged = target === "secret" ? secret : target === "match" ? match[0] : lineAt(text, match.index);
  const lower = secret.toLowerCase();
  return regexes.some((regex) => regex.test(judged)) || stopwords.some((word) => lower.includes(word));
}

function lineAt(text: string, at: number): string {
  const end = text.indexOf("\n", at);
  return text.slice(text.lastIndexOf("\n", at) + 1, end === -1 ? undefined : end);
}

/** Shannon's, in bits a character. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

const placeholder = /^(?:.*(?:pass(?:word)?|pwd|secret|token|changeme|example|xxx|\*\*|user|your|1234).*|[<{[$%].*)$/i;

function passwordsInAddresses(text: string, found: Detected[]): void {
  for (const match of text.matchAll(
    /\b[a-z][a-z0-9+.-]{1,15}:\/\/([^\s/:@'"<>]{1,64}):([^\s/@'"<>]{3,64})@([\w.-]+)/gi,
  )) {
    const [whole, , password = "", host = ""] = match;
    if (placeholder.test(password) || /^(?:localhost|127\.|host|example\.|[\w.-]*\.example|proxy|server)/i.test(host))
      continue;
    const start = match.index + whole.lastIndexOf(`${password}@`);
    found.push({
      rule: "SEC008",
      start,
      end: start + password.length,
      shown: masked(password),
      placeholder: "[SECRET]",
    });
  }
}

function loadRules(): SecretRules {
  const file = fileSchema.parse(JSON.parse(readFileSync(join(packageRoot, "data/secret-rules.json"), "utf8")));
  const byKeyword = new Map<string, SecretRule[]>();
  for (const { keywords, pattern, flags, allow, ...rule } of file.rules) {
    const compiled = {
      ...rule,
      group: rule.group,
      regex: new RegExp(pattern, `${flags}g`),
      allow: allow.map(compileAllow),
    };
    for (const keyword of keywords) byKeyword.set(keyword, [...(byKeyword.get(keyword) ?? []), compiled]);
  }
  return { keywords: keywordIndex([...byKeyword.keys()]), byKeyword, allow: file.allow.map(compileAllow) };
}

interface KeywordIndex {
  /** 1 where the hash of a keyword's first three characters points. */
  starts: Uint8Array;
  byHash: Map<number, string[]>;
}

/** Searching some hundred keywords at once is what secrets cost: three characters tell where one can begin at all. */
function keywordIndex(keywords: readonly string[]): KeywordIndex {
  const starts = new Uint8Array(1 << 15);
  const byHash = new Map<number, string[]>();
  for (const keyword of keywords) {
    const firstTwo = hashed(hashed(0, keyword.charCodeAt(0)), keyword.charCodeAt(1));
    const thirds = keyword.length > 2 ? [keyword.charCodeAt(2)] : tokenCodes;
    for (const hash of new Set(thirds.map((third) => hashed(firstTwo, third)))) {
      starts[hash] = 1;
      byHash.set(hash, [...(byHash.get(hash) ?? []), keyword]);
    }
  }
  return { starts, byHash };
}

/** Of the last three characters; the same for capitals. */
function hashed(before: number, code: number): number {
  return ((before << 5) ^ (code | 32)) & 0x7fff;
}

/** In small letters. */
function keywordsIn(text: string, { starts, byHash }: KeywordIndex): Set<string> {
  const found = new Set<string>();
  let hash = hashed(hashed(0, text.charCodeAt(0)), text.charCodeAt(1));
  for (let at = 0; at + 1 < text.length; at += 1) {
    hash = hashed(hash, text.charCodeAt(at + 2));
    if (starts[hash] === 0) continue;
    for (const keyword of byHash.get(hash) as string[])
      if (!found.has(keyword) && isAt(text, at, keyword)) found.add(keyword);
  }
  return found;
}

const tokenCodes = [...Array(128).keys()].filter((code) => /[\w.+/=~-]/.test(String.fromCharCode(code)));
const longToken = /[\w.+/=~-]{19}/y;

/** Two letters (sk, ey, s., q~) stand in every text; each of their rules wants 17 characters of a token or more behind them. */
function isAt(text: string, at: number, keyword: string): boolean {
  longToken.lastIndex = at;
  if (keyword.length === 2 && !longToken.test(text)) return false;
  return text.slice(at, at + keyword.length).toLowerCase() === keyword;
}

function compileAllow({ target, regexes, stopwords }: z.output<typeof allowSchema>): Allow {
  return { target, regexes: regexes.map(([source, flags]) => new RegExp(source, flags)), stopwords };
}
