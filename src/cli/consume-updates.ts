// Takes updates until there are no more or the person leaves, and then closes their source.
import type { RunUpdate } from "../runs/update.js";

/** How long a source that is busy may take to close after the person left, ms. */
const closeMs = 2_000;

/** Throws what `updates` throws before the person left. Once it returns, a source that closes in time does no more work. */
export async function consumeUpdates(
  updates: AsyncIterable<RunUpdate>,
  take: (update: RunUpdate) => void,
  leaving: Promise<void>,
): Promise<"ended" | "left"> {
  const source = updates[Symbol.asyncIterator]();
  const left = leaving.then(() => "left" as const);
  for (;;) {
    const coming = source.next();
    const next = await Promise.race([coming, left]);
    if (next === "left") {
      await closed(source, coming);
      return "left";
    }
    if (next.done) return "ended";
    take(next.value);
  }
}

/** A generator finishes the step it is in before it closes; what goes wrong in it no longer matters to anyone. */
async function closed(source: AsyncIterator<RunUpdate>, coming: Promise<unknown>): Promise<void> {
  const closing = Promise.allSettled([coming, source.return?.()]);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, closeMs);
  });
  await Promise.race([closing, late]);
  clearTimeout(timer);
}
