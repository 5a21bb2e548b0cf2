// How many tokens two sequences share from the start (common_prefix_length of trl/trainer/utils.py).
export function commonPrefixLength(a: readonly number[], b: readonly number[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}
