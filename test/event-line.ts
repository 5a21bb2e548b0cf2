// One line of events.jsonl, for tests that write it themselves.

/** Ends with a newline. Its time is 5000 + seq, epoch ms. */
export function eventLine(seq: number, fields: object, attempt = 1): string {
  return `${JSON.stringify({ v: 1, attempt, seq, t: 5000 + seq, ...fields })}\n`;
}
