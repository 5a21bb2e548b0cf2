// The phases of a run in one line: done, at work, to come.
import { Text } from "ink";
import { type Phase, phases } from "../../runs/events.js";
import type { RunProgress } from "../../runs/progress.js";
import { isFinal } from "../../runs/state.js";

const spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

interface PhaseLineProps {
  progress: RunProgress;
  tick: number;
  /** Only the present phase, for narrow terminals. */
  isShort: boolean;
}

export function PhaseLine({ progress, tick, isShort }: PhaseLineProps) {
  const now = shownPhase(progress);
  if (!now) return null;
  const shown = isShort ? [now] : phases;
  return (
    <Text wrap="truncate">
      {shown.map((phase, index) => {
        const isDone = phase === now ? progress.state === "succeeded" : progress.passed.includes(phase);
        return (
          <Text key={phase}>
            {index > 0 ? "  " : ""}
            {phase === now && !isDone ? <NowMark state={progress.state} tick={tick} /> : null}
            {isDone ? <Text color="green">✓</Text> : phase === now ? null : <Text dimColor>·</Text>}{" "}
            <Text bold={phase === now && !isDone} dimColor={phase !== now && !isDone}>
              {phase}
            </Text>
          </Text>
        );
      })}
      {isShort ? <Text dimColor>{`  ${phases.indexOf(now) + 1} of ${phases.length}`}</Text> : null}
    </Text>
  );
}

/** Before it evaluates the trainer loads the model again: for the reader that is part of evaluating. */
export function shownPhase({ phase, passed }: RunProgress): Phase | null {
  return phase === "loading" && passed.includes("saving") ? "evaluating" : phase;
}

function NowMark({ state, tick }: { state: RunProgress["state"]; tick: number }) {
  if (state === "failed" || state === "lost") return <Text color="red">✗</Text>;
  if (isFinal(state)) return <Text color="yellow">■</Text>;
  return <Text color="cyan">{spinner[tick % spinner.length]}</Text>;
}
