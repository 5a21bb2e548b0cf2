// TOOL: calls against definitions, answers against calls.
import { nearest } from "../../nearest.js";
import type { CanonicalRow, ChatExtras, Message, ToolCall } from "../canonical.js";
import type { JsonObject } from "../json/json.js";
import type { RowProblem } from "../rules.js";
import { readTool, type Tool } from "./tool-schema.js";

/** Problems of a row's tools; definitions are read once as long as they repeat. */
export function toolRules(): (row: CanonicalRow) => RowProblem[] {
  let last: { definitions: JsonObject[]; key: string; tools: Tool[] } | null = null;
  const read = (definitions: JsonObject[]): Tool[] => {
    const key = definitions.map((each) => JSON.stringify(each, bigIntsToo)).join();
    if (last?.key !== key) last = { definitions, key, tools: definitions.map(readTool) };
    return last.tools;
  };
  return (row) => {
    if (row.kind === "text") return [];
    const { tools: definitions } = row as ChatExtras;
    const turns = turnsOf(row);
    if (!definitions && turns.every(({ role, tool_calls }) => role !== "tool" && !tool_calls)) return [];
    const tools = read(definitions ?? []);
    return [...judgeDefinitions(tools), ...judgeCalls(turns, tools), ...judgeAnswers(turns)];
  };
}

function turnsOf(row: CanonicalRow): Message[] {
  if (row.kind === "messages") return row.messages;
  if (row.kind === "preference") return [...row.prompt, ...row.chosen];
  if (row.kind === "unpaired") return [...row.prompt, ...row.completion];
  return row.kind === "prompt" ? row.prompt : [];
}

function judgeDefinitions(tools: Tool[]): RowProblem[] {
  const problems: RowProblem[] = [];
  const seen = new Set<string>();
  for (const [index, { name, fault }] of tools.entries()) {
    if (fault)
      problems.push({ rule: "TOOL008", message: `tool ${name === null ? index + 1 : quoted(name)}: ${fault}` });
    if (name !== null && seen.has(name))
      problems.push({ rule: "TOOL006", message: `the tool ${quoted(name)} is defined more than once` });
    if (name !== null) seen.add(name);
  }
  return problems;
}

/** A row without any definition may have its tools described in the system turn: then calls are held against nothing. */
function judgeCalls(turns: Message[], tools: Tool[]): RowProblem[] {
  if (tools.length === 0) return [];
  const problems: RowProblem[] = [];
  for (const [index, { tool_calls }] of turns.entries()) {
    for (const call of tool_calls ?? []) problems.push(...judgeCall(call, `turn ${index + 1}`, tools));
  }
  return problems;
}

function judgeCall({ function: { name, arguments: args } }: ToolCall, at: string, tools: Tool[]): RowProblem[] {
  const tool = tools.find((each) => each.name === name);
  if (!tool) {
    const names = tools.flatMap((each) => each.name ?? []);
    const near = nearest(name, names);
    const hint = near ? `did you mean ${quoted(near)}?` : `defined: ${names.slice(0, 5).map(quoted).join(", ")}`;
    return [{ rule: "TOOL001", message: `${at} calls ${quoted(name)}, which is not defined; ${hint}` }];
  }
  const problems: RowProblem[] = [];
  const given = args instanceof Map ? [...args.keys()] : Object.keys(args);
  const missing = tool.required.filter((each) => !given.includes(each));
  if (missing.length > 0)
    problems.push({
      rule: "TOOL003",
      message: `${at} calls ${quoted(name)} without ${missing.map(quoted).join(", ")}`,
    });
  const unknown = tool.known ? given.filter((each) => !tool.known?.has(each)) : [];
  if (unknown.length > 0)
    problems.push({
      rule: "TOOL009",
      message: `${at} calls ${quoted(name)} with ${unknown.map(quoted).join(", ")}, which it does not have`,
    });
  const misfits = tool.misfits(args);
  if (misfits.length > 0)
    problems.push({ rule: "TOOL002", message: `${at} calls ${quoted(name)} with ${misfits.slice(0, 3).join("; ")}` });
  return problems;
}

/** Each tool turn answers an open call, one without an id perhaps all of them; a turn of someone else's closes what is open. */
function judgeAnswers(turns: Message[]): RowProblem[] {
  const problems: RowProblem[] = [];
  let open: ToolCall[] = [];
  let mayAnswerAll = false;
  for (const [index, turn] of turns.entries()) {
    const at = `turn ${index + 1}`;
    if (turn.role === "tool") {
      const id = turn.tool_call_id;
      const answered = open.findIndex((call) => id === undefined || call.id === undefined || call.id === id);
      if (answered !== -1) open = open.toSpliced(answered, 1);
      else if (index > 0)
        problems.push({
          rule: "TOOL004",
          message: `${at} answers ${id === undefined ? "no open call" : `the call ${quoted(id)}, which is not open`}`,
        });
      mayAnswerAll ||= id === undefined;
      continue;
    }
    const [first] = open;
    if (first && !mayAnswerAll) {
      problems.push({
        rule: "TOOL005",
        message: `${at} follows a call of ${quoted(first.function.name)} that no tool answered`,
      });
    }
    open = turn.tool_calls ?? [];
    mayAnswerAll = false;
  }
  return problems;
}

function bigIntsToo(_: string, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  return typeof value === "bigint" ? `${value}n` : value;
}

function quoted(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}...` : name);
}
