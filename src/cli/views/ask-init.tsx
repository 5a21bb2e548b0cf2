// The questions of `ft init`, in a terminal: base model, method, data. Only what the flags left open is asked.
import { Box, render, Text, useApp, useInput } from "ink";
import { useEffect, useRef, useState } from "react";
import { FtError } from "../../errors.js";
import type { Io } from "../io.js";

type Method = "full" | "lora" | "qlora";
interface Answers {
  base?: string;
  method?: Method;
  data?: string;
}

interface Choice {
  value: string;
  why: string;
}

const bases: Choice[] = [
  { value: "smollm2-135m", why: "135M, Apache-2.0; trains on a laptop's CPU in minutes" },
  { value: "qwen3-0.6b", why: "0.6B, Apache-2.0; any GPU" },
  { value: "qwen3-8b", why: "8B, Apache-2.0; qlora on a 24 GB GPU" },
  { value: "llama3.1-8b", why: "8B, Llama licence, gated; qlora on a 24 GB GPU" },
  { value: "mistral-7b", why: "7B, Apache-2.0; qlora on a 24 GB GPU" },
  { value: "", why: "something else: an alias, hub id, folder or .gguf file" },
];

const methods: Choice[] = [
  { value: "lora", why: "a small adapter, the base stays as it is" },
  { value: "qlora", why: "a small adapter on a 4-bit base: least memory" },
  { value: "full", why: "all weights: most memory" },
];

/** Throws FtError init.cancelled when the person leaves (Esc or Ctrl-C). */
export async function askInit(io: Io, given: Answers): Promise<{ base: string; method: Method; data?: string }> {
  let answers: Answers | null = null;
  const { waitUntilExit } = render(<Questions given={given} onDone={(all) => (answers = all)} />, {
    stdin: io.stdin,
    stdout: process.stderr as NodeJS.WriteStream,
    exitOnCtrlC: true,
  });
  await waitUntilExit();
  const { base, method, data } = (answers ?? {}) as Answers;
  if (!base || !method)
    throw new FtError({ code: "init.cancelled", exit: "interrupted", message: "nothing was written" });
  return { base, method, ...(data ? { data } : {}) };
}

export function Questions({ given, onDone }: { given: Answers; onDone: (answers: Answers) => void }) {
  const { exit } = useApp();
  const [answers, setAnswers] = useState(given);
  const [otherBase, setOtherBase] = useState(false);
  const answer = (more: Answers) => setAnswers((before) => ({ ...before, ...more }));
  const isComplete = answers.base && answers.method && answers.data !== undefined;
  // After the last answer was drawn.
  useEffect(() => {
    if (!isComplete) return;
    onDone(answers);
    exit();
  }, [isComplete, answers, onDone, exit]);
  useInput((_input, key) => {
    if (key.escape) exit();
  });
  return (
    <Box flexDirection="column">
      {answers.base && <Answered label="base" value={answers.base} />}
      {answers.method && <Answered label="method" value={answers.method} />}
      {answers.data !== undefined && <Answered label="data" value={answers.data} />}
      {!answers.base && !otherBase && (
        <Select
          title="Which model do you start from?"
          choices={bases}
          onChoose={(base) => (base === "" ? setOtherBase(true) : answer({ base }))}
        />
      )}
      {!answers.base && otherBase && (
        <Line title="Alias, hub id, folder or .gguf file" onEnter={(base) => answer({ base })} />
      )}
      {answers.base && !answers.method && (
        <Select
          title="What is trained?"
          choices={methods}
          onChoose={(method) => answer({ method: method as Method })}
        />
      )}
      {answers.base && answers.method && answers.data === undefined && (
        <Line
          title="Your rows: a file, folder, pattern or hf://datasets/org/name"
          fallback="data/train.jsonl"
          onEnter={(data) => answer({ data })}
        />
      )}
    </Box>
  );
}

function Answered({ label, value }: { label: string; value: string }) {
  return (
    <Text>
      <Text color="green">✓</Text> {label} <Text bold>{value}</Text>
    </Text>
  );
}

function Select({ title, choices, onChoose }: { title: string; choices: Choice[]; onChoose: (value: string) => void }) {
  const [at, setAt] = useState(0);
  const current = useRef(0); // keys may come faster than frames
  const move = (by: number) => {
    current.current = (current.current + by + choices.length) % choices.length;
    setAt(current.current);
  };
  const width = Math.max(...choices.map(({ value }) => value.length)) + 2;
  useInput((_input, key) => {
    if (key.upArrow) move(-1);
    if (key.downArrow) move(1);
    if (key.return) onChoose(choices[current.current]!.value);
  });
  return (
    <Box flexDirection="column">
      <Text bold>{title}</Text>
      {choices.map(({ value, why }, index) => (
        <Text key={why} {...(index === at ? { color: "cyan" } : {})}>
          {index === at ? "❯ " : "  "}
          {(value || "other").padEnd(width)}
          <Text dimColor>{why}</Text>
        </Text>
      ))}
      <Text dimColor>↑ ↓ to move, Enter to choose, Esc to leave</Text>
    </Box>
  );
}

function Line({
  title,
  fallback = "",
  onEnter,
}: {
  title: string;
  fallback?: string;
  onEnter: (text: string) => void;
}) {
  const [text, setText] = useState("");
  const current = useRef(""); // keys may come faster than frames
  const change = (to: string) => {
    current.current = to;
    setText(to);
  };
  const enter = () => {
    const entered = current.current.trim() || fallback;
    if (entered) onEnter(entered);
  };
  useInput((input, key) => {
    if (key.return) enter();
    else if (key.backspace || key.delete) change([...current.current].slice(0, -1).join(""));
    else if (!key.ctrl && !key.meta && input) {
      // What is pasted or typed ahead comes in one piece, its Enter with it.
      const [line = "", ...more] = input.split(/[\r\n]/);
      change(current.current + line.replace(/\p{Cc}/gu, ""));
      if (more.length > 0) enter();
    }
  });
  return (
    <Text>
      <Text bold>{title}</Text>
      {fallback && !text ? <Text dimColor> ({fallback})</Text> : null}: {text}
      <Text inverse> </Text>
    </Text>
  );
}
