// Personal data, secrets, garbled text and shared passages: what is found, and above all what is not.
import { describe, expect, test } from "vitest";
import { type GramIndex, gramIndex, gramsIn } from "./gram-index.js";
import { maskText } from "./mask-text.js";
import { personalData } from "./personal-data.js";
import { scanText } from "./scan-text.js";
import { secretsIn } from "./secrets.js";
import { ungarble } from "./ungarble.js";

const kindsIn = (text: string) => {
  const bits = scanText(text);
  return [...new Set([...personalData(text, bits), ...secretsIn(text, bits)].map(({ rule }) => rule))].sort();
};

describe("personal data", () => {
  test.each([
    ["PII001", "mail k.olsen+list@post.telenor.no now"],
    ["PII002", "call (212) 736-3100 or +44 20 7946 0018"],
    ["PII002", "联系电话：13917652894"],
    ["PII003", "5425-2334-3010-9903"],
    ["PII003", "Visa card 4539148803436467 was charged"],
    ["PII004", "DE89 3704 0044 0532 0130 00"],
    ["PII005", "codice fiscale RSSMRA85T10A562S"],
    ["PII005", "CPF 529.982.247-25"],
    ["PII006", "from 81.166.23.105"],
    ["PII001", "examples@dnb.no and m@telenor.no"],
  ])("%s in %s", (rule, text) => expect(kindsIn(text)).toEqual([rule]));

  test.each([
    "user@example.com, info@acme.com, @staticmethod, git@github.com:a/b",
    "212-555-0123 and 1234567890 and 3.14159265358979",
    "4111 1111 1111 1111; order 4539148803436467",
    "000-12-3456, 123-45-6789, 987.654.321-01",
    "127.0.0.1, 10.0.0.8, 192.168.1.1, 8.8.8.8, 203.0.113.9, version 81.166.23.105, section 1.2.3.4",
    "John.Doe-123@example-domain.com, b@example123.org, a@d.co",
    "8.8.4.0/24 and 34.64.0.0/10; 56.78.90.1, 98.76.54.32, 123.123.123.123",
    "DE88 3704 0044 0532 0130 00",
    "2024-01-15 12:30:00, 1700000000, +4.5 %, 100,000,000",
  ])("none in %s", (text) => expect(kindsIn(text)).toEqual([]));
});

describe("secrets", () => {
  // In pieces, so that no scanner of repositories takes them for leaks.
  test.each([
    ["SEC002", ["AK", "IA", "Y34FZKBOKMUTVV7A"].join("")],
    ["SEC002", ["xox", "b-", "263594206564-2343594206574-FGqddMF8t08v8N7Oq4i57vs1"].join("")],
    // Without a digit, which some always and others by chance are.
    ["SEC002", ["hf", "_", "ribspFgXatIXEKqdJjeiGVuCNbuGJohpMM"].join("")],
    ["SEC002", ["api_", "org_", "mTHAVEXavVyVsGLdyQLJWntBXsldHhGmbU"].join("")],
    ["SEC002", ["AK", "IA", "YQFZKBOKMUTVVQWA"].join("")],
    ["SEC002", ["npm", "_", "obnufsmlcrwkkrmqfezxwvdmgdwlajnczngv"].join("")],
    ["SEC002", ["gl", "pat-", "yiSKNEFNWJFhJCqRgULq"].join("")],
    ["SEC002", ["sumo: su", "yTTRtOaZWALO"].join("")],
    ["SEC008", "mongodb://root:q8Zr2LmPw9@10.1.2.3:27017/db"],
  ])("%s", (rule, text) => expect(kindsIn(`It is ${text} here`)).toContain(rule));

  test.each([
    "AKIAIOSFODNN7EXAMPLE",
    "the commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "https://user:password@localhost/x and https://me:<token>@host/x",
    "api_key = os.environ['OPENAI_API_KEY']",
  ])("none in %s", (text) => expect(kindsIn(text)).toEqual([]));
});

test("masking hides all of it, and masked text has nothing more to mask", () => {
  const masked = maskText("k.olsen@post.telenor.no, DE89 3704 0044 0532 0130 00, 81.166.23.105");
  expect(masked).toBe("k.***@***.no, DE***00, 81***05");
  expect(maskText(masked)).toBe(masked);
});

test("garbled text is turned back exactly; text that only looks alike stays", () => {
  expect(ungarble("CafÃ© â€œneuâ€\u009d, Ã¤hnlich ðŸ˜€")?.text).toBe("Café “neu”, ähnlich 😀");
  for (const text of ["São Paulo", "Ângela", "ÂNCORA", "naïve café", "Â"]) expect(ungarble(text)).toBeNull();
});

describe("runs of words", () => {
  const item = "the quick brown fox jumps over the lazy dog and then runs back into the deep dark forest";
  const at = { file: "bench.jsonl", line: 7 };
  const find = (index: GramIndex, texts: string[]) => index.count(gramsIn(index.table(), texts));

  test("are found whatever the case and punctuation, with their share", () => {
    const index = gramIndex({ n: 13, mostItems: 10 });
    index.add(item, at);
    expect(find(index, [`He said: "${item.toUpperCase().replaceAll(" ", ", ")}"`])).toMatchObject({
      item: at,
      found: 6,
      all: 6,
    });
    expect(find(index, [item.split(" ").slice(0, 13).join(" ")])).toMatchObject({ found: 1, all: 6 });
    expect(find(index, [item.split(" ").slice(0, 12).join(" ")])).toBeNull();
  });

  test("of numbers do not count, nor those of many items or many rows", () => {
    const index = gramIndex({ n: 13, mostItems: 2 });
    index.add("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", at);
    expect(find(index, ["1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"])).toBeNull();
    for (const line of [1, 2, 3]) index.add(item, { ...at, line });
    expect(find(index, [item])).toBeNull();
    const rows = gramIndex({ n: 13, mostItems: 10 });
    rows.add(item, at);
    const hits = Array.from({ length: 11 }, () => find(rows, [item])!);
    expect(rows.isBoilerplate(hits[0]!)).toBe(true);
  });
});
