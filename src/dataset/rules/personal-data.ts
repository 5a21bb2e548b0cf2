// Finds personal data: a published pattern or library recognises it, a checksum or a number plan confirms it.
// A pattern only proposes; numbers are confirmed by libphonenumber, card-validator, ibantools, stdnum.
import { createRequire } from "node:module";
import type * as CardValidator from "card-validator";
import type * as Ibans from "ibantools";
import type * as Telephones from "libphonenumber-js/max";
import type { stdnum as Stdnum } from "stdnum";
import { masked, maskedAddress } from "./mask.js";
import { has } from "./scan-text.js";

/** Loaded when the first number is to be judged: they take longer than all else that reading rows needs. */
const load = createRequire(import.meta.url);
const telephones = () => load("libphonenumber-js/max") as typeof Telephones;
const paymentCards = () => load("card-validator") as typeof CardValidator;
const ibans = () => load("ibantools") as typeof Ibans;
const stdnum = () => (load("stdnum") as { stdnum: typeof Stdnum }).stdnum;

export interface Detected {
  rule: "PII001" | "PII002" | "PII003" | "PII004" | "PII005" | "PII006" | "SEC002" | "SEC003" | "SEC008";
  start: number;
  end: number;
  /** Masked. */
  shown: string;
  /** What stands in its place after `ft data fix --mask-pii`. */
  placeholder: string;
}

/** In no particular order; they do not overlap within one rule. @param bits `scanText` of the text */
export function personalData(text: string, bits: number): Detected[] {
  const found: Detected[] = [];
  if (bits & has.at) addresses(text, found);
  if (bits & has.digits) {
    phones(text, found);
    cards(text, found);
    accounts(text, found);
    identities(text, found);
  }
  if (text.includes(".")) machines(text, found);
  return found;
}

/** Addresses of domains reserved for examples (RFC 2606) or named so, of one letter (a@d.co), and of nobody in particular. */
const nobody =
  /@(?:[\w-]+\.)*(?:example(?:[-_]?\w+)?\.[a-z]{2,24}|[a-z0-9]\.[a-z]{2,24}|test|invalid|localhost|(?:e?mail|domain|(?:my|your|the|our|abc|xyz|acme)?company|website|site|acme)\.com)$|^(?:no-?reply|info|support|contact|admin|sales|marketing|offers|orders|billing|careers|jobs|press|team|help|hello|user(?:name)?|your[\w.-]*|name|e?mail|john\.?doe|jane\.?doe|example|test|git|someone)@/i;

function addresses(text: string, found: Detected[]): void {
  for (const match of text.matchAll(
    /(?<![\w.+%/:@-])[\w.+%-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24}(?![\w@-])/gi,
  )) {
    if (nobody.test(match[0])) continue;
    found.push(detected("PII001", match.index, match[0], maskedAddress(match[0]), "[EMAIL]"));
  }
}

const international = /(?<![\w+.])\+[1-9](?:[ .()-]{0,2}\d){6,14}(?![\w])/g;
const american = /(?<![\w.(+-])(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[-.])(?!555)[2-9]\d{2}[-.]\d{4}(?![\w-])/g;
/** Eleven digits may be anything: words before them must say that it is a telephone. */
const chinese = /(?<![\w.])1[3-9]\d{9}(?!\w)/g;
const saysTelephone = /(?:电话|手机|号码|联系|致电|phone|tel|mobile|call)\D{0,20}$/i;

function phones(text: string, found: Detected[]): void {
  const patterns = [
    [international, undefined],
    [american, "US"],
    [chinese, "CN"],
  ] as const;
  for (const [pattern, country] of patterns) {
    for (const match of text.matchAll(pattern)) {
      const number = match[0];
      if (pattern === chinese && !saysTelephone.test(before(text, match.index))) continue;
      if (isMadeUp(number) || !telephones().isValidPhoneNumber(number, country)) continue;
      found.push(detected("PII002", match.index, number, masked(number), "[PHONE]"));
    }
  }
}

/** 1234567, 5555555: digits that count up or are all one; or the American exchange 555, which is for films. */
function isMadeUp(number: string): boolean {
  const digits = number.replace(/\D/g, "");
  return /(\d)\1{5}|1234567|2345678|0123456|9876543/.test(digits) || /^1?\d{3}555\d{4}$/.test(digits);
}

/** Published for tests by the networks and Stripe. */
const testCards = new Set([
  "4111111111111111",
  "4242424242424242",
  "5555555555554444",
  "5105105105105100",
  "378282246310005",
  "371449635398431",
  "6011111111111117",
  "4012888888881881",
  "4000056655665556",
]);

function cards(text: string, found: Detected[]): void {
  for (const match of text.matchAll(
    /(?<![\d.,-])[3-6]\d{3}(?:([ -]?)\d{4}\1\d{4}\1\d{4}|([ -]?)\d{6}\2\d{5})(?![\d-]|[.,]\d)/g,
  )) {
    const number = match[0].replace(/\D/g, "");
    const isGrouped = number.length < match[0].length;
    if (
      !isGrouped &&
      !/card|visa|master|amex|credit|debit|信用卡|卡号/i.test(text.slice(Math.max(0, match.index - 60), match.index))
    )
      continue;
    if (testCards.has(number) || !paymentCards().number(number).isValid) continue;
    found.push(detected("PII003", match.index, match[0], masked(match[0]), "[CARD]"));
  }
}

function accounts(text: string, found: Detected[]): void {
  for (const match of text.matchAll(/(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?/g)) {
    const length = ibans().countrySpecs[match[0].slice(0, 2)]?.chars;
    const whole = length && prefixWithout(match[0], " ", length);
    if (!whole || !ibans().isValidIBAN(whole.replaceAll(" ", ""))) continue;
    found.push(detected("PII004", match.index, whole, masked(whole), "[IBAN]"));
  }
}

/** The beginning of the text that has so many characters other than `ignored`; null when it has fewer. */
function prefixWithout(text: string, ignored: string, length: number): string | null {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] !== ignored) count += 1;
    if (count === length) return text.slice(0, at + 1);
  }
  return null;
}

/** National numbers whose form or checksum tells them from any other number. */
const identityKinds: { pattern: RegExp; context?: RegExp; isValid: (number: string) => boolean }[] = [
  { pattern: /(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])/g, isValid: (number) => stdnum().US!.ssn!.validate(number).isValid },
  {
    pattern: /(?<![\w.])\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)/g,
    isValid: (number) => stdnum().BR!.cpf!.validate(number).isValid,
  },
  {
    pattern: /\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b/g,
    isValid: (number) => stdnum().IT!.codicefiscale!.validate(number).isValid,
  },
  {
    pattern: /(?<![\d.])[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d{2} ?\d{3} ?\d{3} ?\d{2}(?!\d)/g,
    isValid: (number) => stdnum().FR!.nir!.validate(number).isValid,
  },
  {
    pattern: /(?<!\w)[1-8]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])\d{5}[\dX](?!\w)/g,
    isValid: (number) => stdnum().CN!.ric!.validate(number).isValid,
  },
  {
    pattern: /\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b/g,
    isValid: (number) => stdnum().GB!.nino!.validate(number).isValid,
  },
  {
    pattern: /(?<![\w-])[XYZ\d]\d{7}-?[A-Z]\b/g,
    context: /\b(?:DNI|NIF|NIE)\b[^\n]{0,20}$/,
    isValid: (number) => stdnum().ES!.dni!.validate(number).isValid || stdnum().ES!.nie!.validate(number).isValid,
  },
];

function identities(text: string, found: Detected[]): void {
  for (const { pattern, context, isValid } of identityKinds) {
    for (const match of text.matchAll(pattern)) {
      if (context && !context.test(before(text, match.index))) continue;
      if (/123-?45-?6789|078-?05-?1120/.test(match[0]) || !isValid(match[0])) continue;
      found.push(detected("PII005", match.index, match[0], masked(match[0]), "[ID]"));
    }
  }
}

const octet = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const dotted = new RegExp(`(?<![\\w.-])(?:${octet}\\.){3}${octet}(?![\\w-]|\\.\\d)`, "g");
/** Private, shared, loopback, link-local, documentation, multicast and reserved (RFC 6890), netmasks, and public resolvers. */
const nobodys =
  /^(?:0|10|127|22[4-9]|23\d|24\d|25\d)\.|^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|^169\.254\.|^172\.(?:1[6-9]|2\d|3[01])\.|^192\.(?:168|0\.[02])\.|^198\.(?:1[89]|51\.100)\.|^203\.0\.113\.|^(?:8\.8\.[48]\.[48]|1\.1\.1\.1|1\.0\.0\.1|9\.9\.9\.9|208\.67\.22[02]\.22[02]|1\.2\.3\.4)$/;

/** 56.78.90.1, 98.76.54.32, 123.123.123.123: digits that count up or down, or one part four times. */
function isMadeUpAddress(address: string): boolean {
  const digits = address.replaceAll(".", "");
  return (
    /^(\d+)\.\1\.\1\.\1$/.test(address) ||
    "12345678901234567890".includes(digits) ||
    "98765432109876543210".includes(digits)
  );
}

function machines(text: string, found: Detected[]): void {
  for (const match of text.matchAll(dotted)) {
    const isVersion = match[0].split(".").every((part) => Number(part) < 32);
    if (
      isVersion ||
      nobodys.test(match[0]) ||
      isMadeUpAddress(match[0]) ||
      isNetwork(text, match.index + match[0].length) ||
      /(?:version|release|build|v)[ :=]{0,2}$/i.test(text.slice(Math.max(0, match.index - 12), match.index))
    )
      continue;
    found.push(detected("PII006", match.index, match[0], masked(match[0]), "[IP]"));
  }
}

/** 34.64.0.0/10 is a range of many machines. */
function isNetwork(text: string, end: number): boolean {
  return /^\/(?:[12]?\d|3[01])(?!\d)/.test(text.slice(end, end + 4));
}

/** The characters before a place that say what a number is. */
function before(text: string, at: number): string {
  return text.slice(Math.max(0, at - 40), at);
}

function detected(rule: Detected["rule"], start: number, value: string, shown: string, placeholder: string): Detected {
  return { rule, start, end: start + value.length, shown, placeholder };
}
