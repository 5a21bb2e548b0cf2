// Numbers as reports print them.

/** 12,345; fractions with at most one digit. */
export function number(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 1 });
}

/** 12.3 %; what is not nothing is not shown as 0. */
export function percent(share: number): string {
  if (share > 0 && share < 0.001) return "< 0.1 %";
  return `${(share * 100).toFixed(1)} %`;
}

/** "1 row", "12 rows". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}
