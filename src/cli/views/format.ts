// Numbers as people read them in a terminal.

/** 95000 -> "1m35s", 4000 -> "4s", 7500000 -> "2h05m". */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const pad = (value: number) => String(value).padStart(2, "0");
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${pad(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h${pad(Math.floor((seconds % 3600) / 60))}m`;
}

/** GiB with one decimal, below one GiB in MiB. */
export function memory(bytes: number): string {
  return bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** Loss with enough digits to see it move. */
export function lossText(loss: number): string {
  return loss >= 0.1 ? loss.toFixed(3) : loss.toPrecision(2);
}

/** 0.00018 -> "1.8e-4". */
export function learningRateText(rate: number): string {
  return rate === 0 ? "0" : rate.toExponential(1);
}

/** Local date and minute. */
export function timestamp(ms: number): string {
  const date = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString();
  return `${date.slice(0, 10)} ${date.slice(11, 16)}`;
}

/** Cut to a width, with an ellipsis. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
