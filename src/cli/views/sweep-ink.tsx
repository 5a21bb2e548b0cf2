// A sweep's table on a terminal, drawn with Ink on stderr until the sweep ends; then it is gone, as the result comes on stdout.
import { Box, render, Static, Text } from "ink";
import type { TrialRow } from "../../pipeline/sweeps/standing.js";
import { type ShownSweep, sweepTable } from "./sweep-table.js";

const frameMs = 250;
/** Lines around the trials: head, rule, progress, the cursor's. */
const otherLines = 8;

export interface SweepScreen {
  rows(trials: readonly TrialRow[]): void;
  /** What the trial that is being prepared waits for; null: none is. */
  progress(text: string | null): void;
  /** Stays above the table. */
  note(text: string): void;
  end(): void;
}

export function sweepScreen(screen: NodeJS.WriteStream, sweep: Omit<ShownSweep, "trials">): SweepScreen {
  let trials: readonly TrialRow[] = [];
  let progress: string | null = null;
  const notes: string[] = [];
  const view = ({ isLast }: { isLast: boolean }) => {
    const lines = sweepTable(
      { ...sweep, trials },
      { most: Math.max(3, screen.rows - otherLines), width: screen.columns },
    );
    return (
      <>
        <Static items={[...notes]}>{(note, index) => <Text key={index}>note: {note}</Text>}</Static>
        {!isLast && (
          <Box flexDirection="column">
            {lines.map((line, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a line has no identity but its place
              <Text key={index} wrap="truncate">
                {line === "" ? " " : line}
              </Text>
            ))}
            <Text dimColor wrap="truncate">
              {progress ?? "Ctrl-C leaves; what runs goes on"}
            </Text>
          </Box>
        )}
      </>
    );
  };
  const app = render(view({ isLast: false }), { stdout: screen, exitOnCtrlC: false, patchConsole: false });
  const timer = setInterval(() => app.rerender(view({ isLast: false })), frameMs);
  return {
    rows: (next) => {
      trials = next;
    },
    progress: (text) => {
      progress = text;
    },
    note: (text) => void notes.push(text),
    end: () => {
      clearInterval(timer);
      app.rerender(view({ isLast: true }));
      app.unmount();
    },
  };
}
