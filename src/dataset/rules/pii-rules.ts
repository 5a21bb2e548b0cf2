// PII: what names or finds a person. Findings show first and last characters only.
import { chat, type RuleTable } from "./rule.js";

const good = { train: [chat("How do I reach you?", "Write to support@example.com, or come by.")] };
const why =
  "What is trained on is memorised, and can be asked out of the model by anyone who uses it (Carlini et al. 2021, arXiv 2012.07805).";
const fix = "remove it, or run `ft data fix --mask-pii`";
const mends = "with --mask-pii, puts a placeholder in its place";

export const piiRules = {
  PII001: {
    severity: "warning",
    title: "e-mail address",
    why,
    fix,
    mends,
    bad: { train: [chat("How do I reach her?", "Write to anna.karlsen@nordlys-post.no.")] },
    good,
  },
  PII002: {
    severity: "warning",
    title: "telephone number",
    why,
    fix,
    mends,
    bad: { train: [chat("How do I reach her?", "Call +47 22 41 90 35.")] },
    good: { train: [chat("How many?", "22 41 90 35 in all, +4.5 % a year.")] },
  },
  PII003: {
    severity: "warning",
    title: "payment card number",
    why,
    fix,
    mends,
    bad: { train: [chat("Which card?", "It is 4539 1488 0343 6467.")] },
    good: { train: [chat("Which order?", "It is 4539 1488 0343 6468.")] },
  },
  PII004: {
    severity: "warning",
    title: "bank account (IBAN)",
    why,
    fix,
    mends,
    bad: { train: [chat("Which account?", "NO93 8601 1117 947")] },
    good: { train: [chat("Which account?", "NO94 8601 1117 947")] },
  },
  PII005: {
    severity: "warning",
    title: "national identity number",
    why,
    fix,
    mends,
    bad: { train: [chat("And the SSN?", "It is 536-22-8726.")] },
    good: { train: [chat("And the part number?", "It is 000-22-8726.")] },
  },
  PII006: {
    severity: "info",
    title: "public IP address",
    why: "It can be traced to a household or a machine; the model memorises it as any other text.",
    fix,
    mends,
    bad: { train: [chat("Where from?", "The login came from 81.166.23.105.")] },
    good: { train: [chat("Where from?", "From 192.168.0.7, with version 10.4.2.1.")] },
  },
} satisfies RuleTable;
