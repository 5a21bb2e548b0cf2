// The live view of a run in a terminal: a projection of RunProgress that always fits the window.
import { Box, Text } from "ink";
import type { Phase } from "../../runs/events.js";
import { percentDone, type RunProgress } from "../../runs/progress.js";
import { isFinal, type RunState } from "../../runs/state.js";
import { duration, learningRateText, memory } from "./format.js";
import { LossView } from "./loss-view.js";
import { oneLine, wrapWords } from "./one-line.js";
import { PhaseLine, shownPhase } from "./phase-line.js";

/** Events come seconds apart, and from a machine whose clock may differ: what moves between them is counted here. */
export interface Clock {
  /** Epoch ms. */
  now: number;
  /** How long ago the latest event arrived. */
  sinceEventMs: number;
}

export interface RunViewProps {
  progress: RunProgress;
  clock: Clock;
  columns: number;
  rows: number;
  /** Counts up while something is going on: turns the spinner. */
  tick: number;
  /** The frame that stays: what only helps while watching is left out. */
  isLast: boolean;
}

const stateColours: Record<RunState, string> = {
  queued: "gray",
  preparing: "cyan",
  running: "cyan",
  stopping: "yellow",
  succeeded: "green",
  failed: "red",
  cancelled: "yellow",
  lost: "red",
};

/** Takes at most `rows` - 3 lines, so that a question fits below and the terminal never scrolls. */
export function RunView({ progress: told, clock, columns, rows, tick, isLast }: RunViewProps) {
  const progress = atThisMoment(told, clock);
  const { silence, target } = progress;
  const width = Math.min(columns - 1, 120);
  const { plotHeight, isSpacious, isTiny } = room(columns, rows);
  const isCrowded = progress.failure !== null && !isSpacious;
  const gap = isSpacious ? 1 : 0;
  return (
    <Box flexDirection="column" width={width}>
      <Header progress={progress} />
      {isTiny ? null : <PhaseLine progress={progress} tick={silence ? 0 : tick} isShort={width < 72} />}
      <Bars progress={progress} width={width} hasBoth={!isTiny} />
      {plotHeight > 0 && progress.losses.points.length > 1 ? (
        <Box flexDirection="column" marginTop={gap} marginBottom={gap}>
          <LossView losses={progress.losses} width={Math.min(width, 100)} height={plotHeight} />
        </Box>
      ) : null}
      <Facts progress={progress} />
      {isCrowded ? null : <Warnings warnings={progress.warnings} shown={isSpacious ? 3 : 1} />}
      {progress.failure ? <Failure {...progress.failure} width={width} isTiny={isTiny} /> : null}
      {silence && !isLast ? (
        <Text color="yellow" wrap="truncate">
          {silenceText({ ...silence, target }, clock.now)}
        </Text>
      ) : null}
      {progress.lastLine && !silence && !isLast && !isTiny && !isCrowded ? (
        <Text dimColor wrap="truncate">
          {progress.lastLine}
        </Text>
      ) : null}
    </Box>
  );
}

/** Time goes on between two events, unless the run is over. */
function atThisMoment(progress: RunProgress, { sinceEventMs }: Clock): RunProgress {
  const { state, at, etaMs } = progress;
  if (isFinal(state) || state === "lost" || at === null) return progress;
  return { ...progress, at: at + sinceEventMs, etaMs: etaMs === null ? null : Math.max(0, etaMs - sinceEventMs) };
}

/** That nothing comes is shown at once; why, when ssh has found it out. */
function silenceText(
  { target, since, why }: { target: string; since: number; why: string | null },
  now: number,
): string {
  return `! no news from ${target} for ${duration(Math.max(0, now - since))}; the run goes on there${why ? ` (${oneLine(why)})` : ""}`;
}

/** Plot height 1: a sparkline. */
function room(columns: number, rows: number) {
  const isSpacious = rows >= 24 && columns >= 80;
  const plotHeight = isSpacious ? (rows >= 40 ? 8 : rows >= 30 ? 7 : 5) : rows >= 13 && columns >= 40 ? 1 : 0;
  return { plotHeight, isSpacious, isTiny: rows < 12 };
}

function Header({ progress: { name, target, id, state, attempt, startedAt, at } }: { progress: RunProgress }) {
  const elapsed = startedAt !== null && at !== null && at > startedAt ? duration(at - startedAt) : "";
  return (
    <Text wrap="truncate">
      <Text bold>{name}</Text>
      {"  "}
      <Text color={stateColours[state]}>{state}</Text>
      {target === "local" ? " here" : ` on ${target}`}
      {attempt > 1 ? `  attempt ${attempt}` : null}
      <Text dimColor>
        {elapsed && attempt === 1 ? `  ${elapsed}` : ""}
        {`  ${id}`}
      </Text>
    </Text>
  );
}

function Bars({ progress, width, hasBoth }: { progress: RunProgress; width: number; hasBoth: boolean }) {
  const { step, totalSteps, evaluated, etaMs, state } = progress;
  const phase = shownPhase(progress);
  const eta = etaMs !== null && state === "running" ? [`${duration(etaMs)} left`] : [];
  const isTraining = phase === "training";
  const rowsDone = evaluated?.total ? `${evaluated.done}/${evaluated.total} rows` : "";
  const detail = phase === "evaluating" && progress.detail && state === "running" ? [progress.detail] : [];
  return (
    <>
      {totalSteps && (hasBoth || !rowsDone) ? (
        <Bar
          phase="training"
          percent={percentDone({ ...progress, phase: "training" })!}
          facts={[`step ${step}/${totalSteps}`, ...(isTraining ? eta : [])]}
          width={width}
        />
      ) : null}
      {rowsDone ? (
        <Bar
          phase="evaluating"
          percent={percentDone({ ...progress, phase: "evaluating" })!}
          facts={[rowsDone, ...(isTraining ? [] : [...detail, ...eta])]}
          width={width}
        />
      ) : null}
    </>
  );
}

/** The facts keep a fixed room, so that the bar does not change its length when the time left does. */
function Bar({ phase, percent, facts, width }: { phase: Phase; percent: number; facts: string[]; width: number }) {
  const label = width >= 60 ? phase.padEnd(12) : "";
  const length = Math.max(8, Math.min(60, width - label.length - 38));
  const filled = percent >= 100 ? length : Math.min(length - 1, Math.round((length * percent) / 100));
  return (
    <Text wrap="truncate">
      {label}
      <Text color="green">{"━".repeat(filled)}</Text>
      <Text dimColor>{"─".repeat(length - filled)}</Text>
      {`${Math.floor(percent)}%`.padStart(5)}
      {`  ${facts.join("  ")}`}
    </Text>
  );
}

function Facts({ progress }: { progress: RunProgress }) {
  const { tokensPerSecond, rssBytes, gpuBytes, learningRate, checkpoint } = progress;
  const facts: [string, string | null][] = [
    ["tok/s", tokensPerSecond === null ? null : Math.round(tokensPerSecond).toLocaleString("en")],
    ["memory", rssBytes === null ? null : memory(rssBytes)],
    ["GPU", gpuBytes === null ? null : memory(gpuBytes)],
    ["checkpoint", checkpoint === null ? null : `step ${checkpoint.step}`],
    ["lr", learningRate === null ? null : learningRateText(learningRate)],
  ];
  const known = facts.filter(([, value]) => value !== null);
  if (known.length === 0) return null;
  return (
    <Text wrap="truncate">
      {known.map(([label, value], index) => (
        <Text key={label}>
          {index > 0 ? "   " : ""}
          <Text dimColor>{label}</Text> {value}
        </Text>
      ))}
    </Text>
  );
}

function Warnings({ warnings, shown }: { warnings: RunProgress["warnings"]; shown: number }) {
  return warnings.slice(-shown).map(({ message, times }) => (
    <Text key={message} wrap="truncate">
      <Text color="yellow">{"! "}</Text>
      {times > 1 ? `(${times}x) ` : ""}
      {oneLine(message)}
    </Text>
  ));
}

interface FailureProps {
  message: string;
  hint: string | null;
  width: number;
  isTiny: boolean;
}

function Failure({ message, hint, width, isTiny }: FailureProps) {
  const lines = (text: string) => wrapWords(text, width - 2, isTiny ? 1 : 2).join("\n");
  return (
    <Box flexDirection="column">
      <Mark colour="red" mark="✗" text={lines(message)} />
      {hint ? <Mark colour="cyan" mark="→" text={lines(hint)} /> : null}
    </Box>
  );
}

/** A text of some lines, indented behind its mark. */
function Mark({ colour, mark, text }: { colour: string; mark: string; text: string }) {
  return (
    <Box>
      <Box width={2} flexShrink={0}>
        <Text color={colour}>{mark}</Text>
      </Box>
      <Text wrap="truncate">{text}</Text>
    </Box>
  );
}
