// uv's stderr, line by line, as progress: it names big downloads when they start and end.
import type { OnProgress } from "../../progress.js";

const units: Record<string, number> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** Reads to the end of `lines`. */
export async function followUv(lines: AsyncIterable<string>, onProgress: OnProgress): Promise<void> {
  const sizes = new Map<string, number>();
  let doneBytes = 0;
  for await (const line of lines) {
    const started = /^\s*Downloading (\S+) \(([\d.]+)\s?([KMG]?i?B)\)/.exec(line);
    const ended = /^\s*Downloaded (\S+)/.exec(line);
    const phase = /^(Resolved|Prepared|Installed) (\d+) packages?/.exec(line);
    if (started) sizes.set(started[1]!, Number(started[2]) * (units[started[3]!] ?? 1));
    else if (ended) doneBytes += sizes.get(ended[1]!) ?? 0;
    if (started || ended) {
      const totalBytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
      onProgress({ label: "downloading packages", doneBytes, totalBytes });
    } else if (phase?.[1] === "Resolved") onProgress({ label: `getting ${phase[2]} packages` });
    else if (phase?.[1] === "Prepared") onProgress({ label: `installing ${phase[2]} packages` });
  }
}
