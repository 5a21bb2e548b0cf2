// The loss of a run: where it began, its lowest, where it is, and its curve as tall as there is room.
import { Box, Text } from "ink";
import type { LossHistory } from "../../runs/loss-history.js";
import { lossText } from "./format.js";
import { lossPlot, sparkline } from "./loss-plot.js";

/** `height` 1: one line with a sparkline; else a caption and `height` lines of plot. */
export function LossView({ losses, width, height }: { losses: LossHistory; width: number; height: number }) {
  const { points, first, lowest, last, isBroken } = losses;
  const numbers = (
    <Text>
      <Text dimColor>loss </Text>
      {isBroken ? (
        <Text color="red">not a number</Text>
      ) : (
        <Text bold>{last === null ? "-" : lossText(last).padEnd(7)}</Text>
      )}
      <Text dimColor>{`  first ${text(first)}  lowest ${text(lowest)}`}</Text>
    </Text>
  );
  if (height === 1) {
    return (
      <Text wrap="truncate">
        {numbers} <Text color="cyan">{sparkline(points, Math.max(8, width - 46))}</Text>
      </Text>
    );
  }
  const lines = lossPlot(points, { width: width - 10, height });
  const values = points.map(({ loss }) => loss);
  const labels = [lossText(Math.max(...values)), ...lines.slice(2).map(() => ""), lossText(Math.min(...values))];
  return (
    <Box flexDirection="column">
      <Text wrap="truncate">
        {numbers}
        <Text dimColor>{`  steps ${points[0]!.step} to ${points.at(-1)!.step}`}</Text>
      </Text>
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line of the plot is its place
        <Text key={index} wrap="truncate">
          <Text dimColor>{`${labels[index]!.padStart(7)} ${labels[index] ? "┤" : "│"}`}</Text>
          <Text color="cyan">{line}</Text>
        </Text>
      ))}
    </Box>
  );
}

function text(loss: number | null): string {
  return loss === null ? "-" : lossText(loss);
}
