// Draws a run's updates with Ink and asks, on Ctrl-C, whether to detach or to stop.
import { render, useInput, useStdout } from "ink";
import { useCallback, useEffect, useRef, useState } from "react";
import { FtError } from "../../errors.js";
import { initialProgress, type RunProgress, reduceProgress } from "../../runs/progress.js";
import type { RunUpdate } from "../../runs/update.js";
import type { WatchEnd, WatchedRun } from "../watch-run.js";
import { type Question, RunView } from "./run-view.js";

/** Frames are drawn at most this often, ms. */
const frameMs = 100;

export async function watchInk(
  run: WatchedRun,
  updates: AsyncIterable<RunUpdate>,
  actions: { stop(): Promise<void> },
): Promise<WatchEnd> {
  let end: WatchEnd = "ended";
  let failure: unknown = null;
  const app = render(
    <Watching
      run={run}
      updates={updates}
      stop={() => {
        end = "stopped";
        return actions.stop();
      }}
      onDetach={() => {
        end = "detached";
        app.unmount();
      }}
      onEnd={() => app.unmount()}
      onFail={(error) => {
        failure ??= error;
        app.unmount();
      }}
    />,
    { stdout: process.stderr as NodeJS.WriteStream, exitOnCtrlC: false, patchConsole: false },
  );
  await app.waitUntilExit();
  if (failure !== null) throw failure;
  return end;
}

interface WatchingProps {
  run: WatchedRun;
  updates: AsyncIterable<RunUpdate>;
  stop(): Promise<void>;
  onDetach(): void;
  onEnd(): void;
  /** The updates or the stopping failed. */
  onFail(error: unknown): void;
}

export function Watching({ run, updates, stop, onDetach, onEnd, onFail }: WatchingProps) {
  const [progress, setProgress] = useState<RunProgress>(() => initialProgress(run));
  const [question, showQuestion] = useState<Question>("none");
  const asked = useRef<Question>("none"); // keys may come faster than frames
  const setQuestion = useCallback((to: Question) => {
    asked.current = to;
    showQuestion(to);
  }, []);
  const { stdout } = useStdout();
  const [size, setSize] = useState({ columns: stdout.columns ?? 80, rows: stdout.rows ?? 24 });

  useEffect(() => {
    const resize = () => setSize({ columns: stdout.columns ?? 80, rows: stdout.rows ?? 24 });
    stdout.on("resize", resize);
    return () => void stdout.off("resize", resize);
  }, [stdout]);

  useEffect(() => {
    let latest = initialProgress(run);
    let left = false;
    const timer = setInterval(() => setProgress(latest), frameMs);
    const watch = async () => {
      for await (const update of updates) latest = reduceProgress(latest, update);
      clearInterval(timer);
      setProgress(latest);
      setQuestion("none");
      setTimeout(onEnd, frameMs);
    };
    // Who has left does not care what becomes of the updates.
    watch().catch((error) => left || onFail(error));
    return () => {
      left = true;
      clearInterval(timer);
    };
  }, [run, updates, onEnd, onFail, setQuestion]);

  useInput((input, key) => {
    const isCtrlC = key.ctrl && input === "c";
    if (asked.current === "ask" && (input === "d" || isCtrlC)) onDetach();
    else if (asked.current === "ask" && input === "s") {
      setQuestion("stopping");
      // It may have ended in the very moment: then the updates say so.
      stop().catch((error) => (error instanceof FtError && error.code === "run.ended" ? undefined : onFail(error)));
    } else if (asked.current === "ask" && input === "c") setQuestion("none");
    else if (isCtrlC) asked.current === "stopping" ? onDetach() : setQuestion("ask");
  });

  return <RunView progress={progress} question={question} {...size} />;
}
