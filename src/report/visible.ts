// Text that others wrote, with what would act instead of being seen made visible: control characters and marks that turn the direction of text.
// A row must not be able to recolour a terminal, to hide a part of itself, or to look like something else.

const deceptive =
  /[\p{Cc}\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu;

/** Line breaks and tabs become their pictures too: the result is one line. */
export function visibleLine(text: string): string {
  return text.replace(deceptive, picture);
}

/** As `visibleLine`, but line breaks and tabs stay. */
export function visibleText(text: string): string {
  return text.replace(deceptive, (character) =>
    character === "\n" || character === "\t" ? character : picture(character),
  );
}

/** U+0000 ... as Unicode's control pictures, the rest by number. */
function picture(character: string): string {
  const code = character.codePointAt(0)!;
  if (code === 0x0a) return "↵";
  if (code === 0x09) return "⇥";
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "␡";
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}
