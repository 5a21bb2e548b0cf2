// The live view of a run in a terminal: a projection of RunProgress.
import { Box, Text } from "ink";
import type { RunProgress } from "../../runs/progress.js";
import type { RunState } from "../../runs/state.js";
import { duration, lossText, memory, percent, printable } from "./format.js";
import { lossPlot } from "./loss-plot.js";

export type Question = "none" | "ask" | "stopping";

export interface RunViewProps {
  progress: RunProgress;
  question: Question;
  columns: number;
  rows: number;
}

const shownPhases = ["loading", "tokenizing", "training", "saving", "evaluating"] as const;
const stateColours: Partial<Record<RunState, string>> = {
  running: "cyan",
  succeeded: "green",
  failed: "red",
  cancelled: "yellow",
  stopping: "yellow",
  lost: "red",
};

export function RunView({ progress, question, columns, rows }: RunViewProps) {
  const width = Math.min(columns, 120) - 1;
  const { state, name, id, attempt, failure, warnings, lastLine } = progress;
  const colour = stateColours[state];
  return (
    <Box flexDirection="column" width={width}>
      <Text wrap="truncate">
        <Text bold>{name}</Text> <Text dimColor>{id}</Text>
        {attempt > 1 ? <Text dimColor> attempt {attempt}</Text> : null}{" "}
        <Text {...(colour ? { color: colour } : {})}>{state}</Text>
      </Text>
      <Phases progress={progress} />
      {progress.totalSteps ? <Bar progress={progress} width={width} /> : null}
      {progress.phase === "evaluating" && progress.evaluated?.total ? (
        <EvaluationBar {...progress.evaluated} width={width} />
      ) : null}
      {progress.losses.length > 1 ? <Losses progress={progress} width={width} height={rows >= 24 ? 6 : 1} /> : null}
      <Numbers progress={progress} />
      {warnings.slice(-3).map((warning, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the same warning may come twice
        <Text key={index} color="yellow" wrap="truncate">
          ! {warning}
        </Text>
      ))}
      {failure ? <Failure {...failure} /> : null}
      {lastLine && !failure && state !== "succeeded" ? (
        <Text dimColor wrap="truncate">
          {printable(lastLine)}
        </Text>
      ) : null}
      <QuestionLine question={question} />
    </Box>
  );
}

function Phases({ progress: { phase, passed, state } }: { progress: RunProgress }) {
  const done = (name: (typeof shownPhases)[number]) =>
    state === "succeeded" || (passed.includes(name) && phase !== name);
  return (
    <Text wrap="truncate">
      {shownPhases.map((name) => (
        <Text key={name}>
          {done(name) ? (
            <Text color="green">✓ </Text>
          ) : phase === name && state === "failed" ? (
            <Text color="red">✗ </Text>
          ) : phase === name ? (
            <Text color="cyan">▸ </Text>
          ) : (
            <Text dimColor>· </Text>
          )}
          <Text bold={phase === name && !done(name)} dimColor={phase !== name && !done(name)}>
            {name}
          </Text>
          {"   "}
        </Text>
      ))}
    </Text>
  );
}

function Bar({ progress: { step, totalSteps, etaMs, phase, state }, width }: { progress: RunProgress; width: number }) {
  const total = totalSteps!;
  const eta = etaMs !== null && phase === "training" && state === "running" ? `  ${duration(etaMs)} left` : "";
  return <BarLine done={step} total={total} label={`step ${step}/${total}${eta}`} width={width} />;
}

function EvaluationBar({ done, total, width }: { done: number; total: number | null; width: number }) {
  return <BarLine done={done} total={total!} label={`${done}/${total} answers evaluated`} width={width} />;
}

/** Room for the longest label, so that bars are of one length whatever stands beside them. */
const labelWidth = 36;

function BarLine({ done, total, label, width }: { done: number; total: number; label: string; width: number }) {
  const room = Math.max(10, Math.min(60, width - labelWidth));
  const filled = Math.min(room, Math.round((room * done) / total));
  return (
    <Text wrap="truncate">
      <Text color="green">{"━".repeat(filled)}</Text>
      <Text dimColor>{"━".repeat(room - filled)}</Text> {percent(done, total).padStart(4)} {label}
    </Text>
  );
}

function Losses({
  progress: { losses, lowestLoss },
  width,
  height,
}: {
  progress: RunProgress;
  width: number;
  height: number;
}) {
  const values = losses.map(({ loss }) => loss);
  const lines = lossPlot(losses, { width: Math.min(70, width - 12), height });
  const top = lossText(Math.max(...values));
  const bottom = lossText(Math.min(...values));
  const label = (index: number) => (index === 0 ? top : index === lines.length - 1 ? bottom : "").padStart(7);
  return (
    <Box flexDirection="column">
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line of the plot is its place
        <Text key={index} wrap="truncate">
          <Text dimColor>{lines.length === 1 ? "   loss" : label(index)} </Text>
          <Text color="cyan">{line}</Text>
        </Text>
      ))}
      <Text dimColor wrap="truncate">
        {"   loss "}
        {lossText(values[0]!)} at the start, {lossText(values.at(-1)!)} now, {lossText(lowestLoss ?? values[0]!)} lowest
      </Text>
    </Box>
  );
}

function Numbers({ progress }: { progress: RunProgress }) {
  const { evalLoss, learningRate, tokensPerSecond, rssBytes, gpuBytes, checkpoint } = progress;
  const facts = [
    evalLoss !== null ? `held-out loss ${lossText(evalLoss)}` : null,
    learningRate !== null ? `lr ${learningRate.toExponential(1)}` : null,
    tokensPerSecond !== null ? `${Math.round(tokensPerSecond).toLocaleString("en")} tokens/s` : null,
    rssBytes !== null ? `memory ${memory(rssBytes)}` : null,
    gpuBytes !== null ? `GPU ${memory(gpuBytes)}` : null,
    checkpoint !== null ? `checkpoint at step ${checkpoint.step}` : null,
  ].filter((fact) => fact !== null);
  return (
    <Box flexWrap="wrap" columnGap={3}>
      {facts.map((fact) => (
        <Text key={fact} wrap="truncate">
          {fact}
        </Text>
      ))}
    </Box>
  );
}

function Failure({ message, hint }: { message: string; hint: string | null }) {
  return (
    <Box flexDirection="column">
      <Text color="red">✗ {message}</Text>
      {hint ? (
        <Box marginLeft={2}>
          <Text>{hint}</Text>
        </Box>
      ) : null}
    </Box>
  );
}

function QuestionLine({ question }: { question: Question }) {
  if (question === "ask") {
    return (
      <Box flexDirection="column">
        <Text>Without this view the run goes on by itself.</Text>
        <Text>
          <Text bold>[d]</Text>etach{"   "}
          <Text bold>[s]</Text>top with a checkpoint{"   "}
          <Text bold>[c]</Text>ontinue watching
        </Text>
      </Box>
    );
  }
  return question === "stopping" ? <Text color="yellow">stopping: saving a checkpoint ...</Text> : null;
}
