// Interleaved timing of two things and the ratio of their medians, so that a drifting machine does not decide.

/** `subject` and `peer` return milliseconds. One warm-up of each, then n pairs, A B A B. */
export async function comparePairs(name, goal, n, subject, peer) {
  await subject.run();
  await peer.run();
  const own = [];
  const other = [];
  for (let i = 0; i < n; i++) {
    own.push(await subject.run());
    other.push(await peer.run());
  }
  const medianMs = median(own);
  const peerMedianMs = median(other);
  return {
    name,
    peer: peer.name,
    goal,
    ratio: medianMs / peerMedianMs,
    medianMs,
    peerMedianMs,
    minMs: Math.min(...own),
    maxMs: Math.max(...own),
    n,
  };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
