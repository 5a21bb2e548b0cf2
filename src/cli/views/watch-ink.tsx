// Draws a run's updates with Ink on stderr until the run ends or the person leaves. The last frame stays as the summary.
import { render } from "ink";
import { initialProgress, reduceProgress } from "../../runs/progress.js";
import type { RunUpdate } from "../../runs/update.js";
import { consumeUpdates } from "../consume-updates.js";
import type { WatchActions, WatchEnd, WatchedRun } from "../watch-run.js";
import { RunScreen } from "./run-screen.js";

/** The spinner's pace, and how long an update may wait for its frame, ms. */
const frameMs = 200;

export interface Terminal {
  stdin: NodeJS.ReadStream;
  screen: NodeJS.WriteStream;
}

/** Throws what `updates` throws, with the terminal restored. */
export async function watchInk(
  { stdin, screen }: Terminal,
  run: WatchedRun,
  updates: AsyncIterable<RunUpdate>,
  actions: WatchActions,
  onInterrupt: (listener: () => void) => () => void = () => () => {},
): Promise<WatchEnd> {
  let progress = initialProgress(run);
  let heardAt = Date.now();
  let tick = 0;
  let stopping: Promise<boolean> | undefined;
  let leave = (): void => {};
  const leaving = new Promise<void>((resolve) => {
    leave = resolve;
  });
  void leaving.then(actions.leave);
  let isInterrupted = false;
  const off = onInterrupt(() => {
    isInterrupted = true;
    leave();
  });

  const stop = (): Promise<void> => {
    const asked = actions.stop();
    stopping = asked.then(
      () => true,
      () => false,
    );
    return asked;
  };
  const view = ({ isLast }: { isLast: boolean }) => (
    <RunScreen
      progress={progress}
      clock={{ now: Date.now(), sinceEventMs: Date.now() - heardAt }}
      tick={tick}
      isLast={isLast}
      onDetach={leave}
      onStop={stop}
    />
  );
  const app = render(view({ isLast: false }), {
    stdout: screen,
    stdin,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  const timer = setInterval(() => {
    tick++;
    app.rerender(view({ isLast: false }));
  }, frameMs);
  try {
    const end = await consumeUpdates(
      updates,
      (update) => {
        progress = reduceProgress(progress, update);
        if (update.type === "event") heardAt = Date.now();
      },
      leaving,
    );
    if (end === "left") return isInterrupted ? "interrupted" : "detached";
    return (await stopping) ? "stopped" : "ended";
  } finally {
    off();
    clearInterval(timer);
    app.rerender(view({ isLast: true }));
    app.unmount();
  }
}
