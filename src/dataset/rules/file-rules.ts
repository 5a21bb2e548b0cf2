// FILE: what is wrong with the bytes of a file or with the characters of its text, before any meaning.
import { chat, type RuleTable } from "./rule.js";

/** What apache-arrow writes of {text: "a", n: NaN}. */
const arrowWithNaN = Buffer.from(
  "/////+AAAAAQAAAAAAAKABAADgAHAAgACgAAAAAAAAEIAAAAAAAEAGj///8EAAAAAgAAAFgAAAAUAAAAEAAUAAQAAAAPABAAAAAIABAAAAAQAAAAFAAAAAAAAAMYAAAAAQAAAG4AAAAAAAAAAAAGAAgABgAGAAAAAAACABAAHAAIAA8AFwAYAAQAEAAQAAAAOAAAABQAAAAAAAABGAAAAAAAAAUYAAAABAAAAHRleHQAAAAAAAAAAAQABAAEAAAACAAIAAAABAAIAAAADAAAAAgADAAIAAcACAAAAAAAAAEgAAAAAAAAAP////+wAAAAFAAAAAAAAAAMABwAGgATABQABAAMAAAAEAAAAAAAAAAAAAAAAAAAAhAAAAAAAAQACAAKAAAABAAIAAAAEAAAAAAACgAYAAwACAAEAAoAAAAUAAAASAAAAAEAAAAAAAAAAAAAAAMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIAAAAAAAAAAgAAAAAAAAACAAAAAAAAAAAAAAAAQAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAQAAAGEAAAAAAAAA/////7gAAAAUAAAAAAAAAAwAFgAUAA8AEAAEAAwAAAAQAAAAAAAAAAAAAAMQAAAABAAKABgADAAIAAQACgAAABQAAABYAAAAAQAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAgAAAAAAAAACAAAAAAAAAAAAAAAAAAAAAgAAAAAAAAACAAAAAAAAAAAAAAAAgAAAAEAAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD4f/////8AAAAA",
  "base64",
).toString("latin1");
const fine = chat("What is 2 * 3?", "6");

export const fileRules = {
  FILE001: {
    severity: "error",
    title: "not valid JSON",
    why: "The row cannot be read: the engine's loader stops at it, or leaves it out without a word.",
    fix: "mend or remove the line; each row must be one JSON object",
    bad: { train: [fine, '{"messages": [}', fine] },
    good: { train: [fine] },
  },
  FILE002: {
    severity: "error",
    title: "not valid Unicode",
    why: "Bytes that are no UTF-8 stop the engine's loader, or become replacement characters that are then learnt.",
    fix: "save the file as UTF-8; mend or remove the row",
    bad: { train: [fine, { bytes: '{"prompt": "q", "completion": "\xff"}' }] },
    good: { train: [chat("naïve?", "👋")] },
  },
  FILE006: {
    severity: "error",
    title: "last line is torn",
    why: "The file ends in the middle of a row: a copy, a download or a full disk cut it, and more rows may be missing than this one.",
    fix: "copy or make the file again; remove the line only when you know that nothing else is missing",
    bad: { train: [fine, { bytes: '{"messages": [{"role": "user", "con', end: "" }] },
    good: { train: [fine, { bytes: JSON.stringify(fine), end: "" }] },
  },
  FILE004: {
    severity: "info",
    title: "byte order mark",
    why: "Here it is skipped, but other tools read it as a character of the first key, and then that row has no such column.",
    fix: "save the file as UTF-8 without byte order mark",
    mends: "leaves the mark out",
    bad: { train: [{ bytes: `\xef\xbb\xbf${JSON.stringify(fine)}` }] },
    good: { train: [fine] },
  },
  FILE005: {
    severity: "info",
    title: "line ends of two kinds",
    why: "Some lines end with CR LF, some with LF: the file was put together from several systems, or edited by hand, which is where rows get lost.",
    fix: "save the file with one kind of line end",
    mends: "ends every line with LF",
    bad: { train: [{ bytes: JSON.stringify(fine), end: "\r\n" }, chat("q", "a")] },
    good: { train: [fine, chat("q", "a")] },
  },
  FILE003: {
    severity: "warning",
    title: "key given twice in one object",
    why: "JSON readers keep the last value and drop the first without a word; which of the two was meant, nobody knows.",
    fix: "give every key once",
    bad: { train: ['{"prompt": "q", "completion": "right", "completion": "wrong"}'] },
    good: { train: [{ prompt: "q", completion: "right" }] },
  },
  FILE007: {
    severity: "warning",
    title: "replacement characters in text",
    why: "U+FFFD stands where a character was lost when the text was decoded; the model learns to write it.",
    fix: "read the source again with the right encoding, or remove the row",
    bad: { train: [chat("Where do we meet?", "At the caf\ufffd.")] },
    good: { train: [chat("Where do we meet?", "At the café.")] },
  },
  FILE008: {
    severity: "warning",
    title: "text decoded with the wrong encoding",
    why: "UTF-8 that was read as Windows-1252 (Ã© for é, â€™ for ’): the model learns the garbled letters as if people wrote so.",
    fix: "read the source again as UTF-8; `ft data fix` turns it back where that is exact",
    mends: "turns it back where encoding it as Windows-1252 gives valid UTF-8",
    bad: { train: [chat("Where do we meet?", "At the cafÃ©, itâ€™s near.")] },
    good: { train: [chat("Where do we meet?", "At the café, it’s near.")] },
  },
  FILE009: {
    severity: "warning",
    title: "control characters in text",
    why: "NUL and its like come from binary or terminal output; Arrow, databases and C strings stop at them, and tokenizers spend rare tokens on them.",
    fix: "remove them from the text",
    mends: "removes them",
    bad: { train: [chat("q", "done\u0000\u0007")] },
    good: { train: [chat("q", "done\n\tand tabs")] },
  },
  FILE010: {
    severity: "error",
    title: "row with more or fewer cells than the header",
    why: "A cell that holds the delimiter or a line end without quotes moves all cells after it into the next column.",
    fix: "put cells that hold the delimiter or a line end into double quotes",
    bad: { file: "train.csv", train: ["text,n", "a,1", "b,2,3"] },
    good: { file: "train.csv", train: ["text,n", 'a,"1,2"'] },
  },
  FILE011: {
    severity: "error",
    title: "value that JSON cannot say",
    why: "NaN and infinity cannot stand in the rows that the engine reads: it stops, or reads null. In a column that the format does not read it is a warning, told once, and the value is null.",
    fix: "fill in or remove the value (NaN, infinity), or write the column with another type",
    bad: {
      file: "train.arrow",
      train: [{ bytes: arrowWithNaN, end: "" }],
      shown: "an Arrow file with a row whose column n is NaN",
    },
    good: { train: [{ text: "a", n: 1 }] },
  },
  FILE012: {
    severity: "warning",
    title: "quote that closes in the middle of a cell",
    why: "A quote inside a quoted cell is written twice; where it is not, readers of CSV differ in what the cell is. Here it is read as it stands, quotes and all.",
    fix: 'write quotes inside a quoted cell twice, "a ""b"" c", or let a CSV library write the file',
    bad: { file: "train.csv", train: ["text,n", '"a"b,1'] },
    good: { file: "train.csv", train: ["text,n", '"""a"" b",1'] },
  },
} satisfies RuleTable;
