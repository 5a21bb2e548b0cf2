// The header Retry-After: how long a service asks to be left alone, for ft to keep and for people to read.

/** Seconds or a date, as the header has it, in ms; 0: none. */
export function retryAfterMs({ headers }: Pick<Response, "headers">): number {
  const text = headers.get("retry-after");
  if (text === null) return 0;
  const ms = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

/** "it asks to wait 90 s", "it asks to wait 61 min"; null: it asks for nothing. */
export function waitAsked(ms: number): string | null {
  if (ms === 0) return null;
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return `it asks to wait ${seconds} s`;
  return seconds < 7200
    ? `it asks to wait ${Math.ceil(seconds / 60)} min`
    : `it asks to wait ${(seconds / 3600).toFixed(1)} h`;
}
