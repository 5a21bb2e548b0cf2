// The live view and, on Ctrl-C, its question: leave the run alone, stop it, or go on watching.
import { Box, Text, useInput, useStdout } from "ink";
import { useEffect, useRef, useState } from "react";
import type { RunProgress } from "../../runs/progress.js";
import { type Clock, RunView } from "./run-view.js";

export interface RunScreenProps {
  progress: RunProgress;
  clock: Clock;
  tick: number;
  /** The frame that stays. */
  isLast: boolean;
  onDetach(): void;
  /** Resolves when the run was asked to stop; its end comes as an update. */
  onStop(): Promise<void>;
}

type Question = "none" | "asked" | "stopping";

export function RunScreen({ progress, clock, tick, isLast, onDetach, onStop }: RunScreenProps) {
  const size = useSize();
  const [question, showQuestion] = useState<Question>("none");
  const asked = useRef<Question>("none"); // what keys mean: they may come faster than frames
  const setQuestion = (to: Question) => {
    asked.current = to;
    showQuestion(to);
  };
  const [trouble, setTrouble] = useState<string | null>(null);
  useInput((input, key) => {
    const isCtrlC = key.ctrl && input === "c";
    if (asked.current === "none" && isCtrlC) setQuestion("asked");
    else if (isCtrlC) onDetach();
    else if (asked.current !== "asked") return;
    else if (input === "d") onDetach();
    else if (input === "c" || key.escape) setQuestion("none");
    else if (input === "s") {
      setQuestion("stopping");
      setTrouble(null);
      onStop().catch((error: unknown) => {
        setQuestion("none");
        setTrouble(error instanceof Error ? error.message : String(error));
      });
    }
  });
  return (
    <Box flexDirection="column">
      <RunView progress={progress} clock={clock} tick={tick} isLast={isLast} {...size} />
      {isLast ? null : <Footer question={question} trouble={trouble} {...size} />}
    </Box>
  );
}

interface FooterProps {
  question: Question;
  trouble: string | null;
  columns: number;
  rows: number;
}

function Footer({ question, trouble, columns, rows }: FooterProps) {
  if (question === "asked") {
    return (
      <>
        <Text wrap="truncate">Training goes on in the background by itself.</Text>
        <Text wrap="truncate">
          <Key letter="d" />
          {"etach  "}
          <Key letter="s" />
          {columns < 60 ? "top  " : "top with a checkpoint  "}
          <Key letter="c" />
          {columns < 60 ? "ontinue" : "ontinue watching"}
        </Text>
      </>
    );
  }
  if (question === "stopping") {
    return (
      <Text wrap="truncate">
        <Text color="yellow">stopping...</Text> a checkpoint is saved first <Text dimColor>(Ctrl-C: don't wait)</Text>
      </Text>
    );
  }
  if (trouble) {
    return (
      <Text wrap="truncate">
        <Text color="red">could not stop it: </Text>
        {trouble}
      </Text>
    );
  }
  return rows >= 24 ? <Text dimColor>Ctrl-C: detach or stop</Text> : null;
}

function Key({ letter }: { letter: string }) {
  return (
    <Text bold color="cyan">
      [{letter}]
    </Text>
  );
}

function useSize(): { columns: number; rows: number } {
  const { stdout } = useStdout();
  const [size, setSize] = useState(() => measure(stdout));
  useEffect(() => {
    const resized = () => setSize(measure(stdout));
    stdout.on("resize", resized);
    return () => void stdout.off("resize", resized);
  }, [stdout]);
  return size;
}

function measure({ columns, rows }: NodeJS.WriteStream): { columns: number; rows: number } {
  return { columns: columns || 80, rows: rows || 24 };
}
