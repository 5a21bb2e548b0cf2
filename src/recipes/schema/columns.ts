// recipe keys `columns` and `roles` of data: what stands for what in files that use other names.
import { z } from "zod";

/** Keys of a turn, where a row holds lists of turns. */
export const turnColumns = [
  "role",
  "content",
  "reasoning_content",
  "tool_calls",
  "tool_call_id",
  "name",
  "weight",
] as const;

/** A row may lack what was named for these. */
export const optionalColumns = [
  "system",
  "input",
  "history",
  "tools",
  "chat_template_kwargs",
  "labels",
  "attention_mask",
  "completion_mask",
] as const;

const columnTargets = [
  "messages",
  "prompt",
  "completion",
  "text",
  "chosen",
  "rejected",
  "label",
  "instruction",
  "output",
  "segments",
  "input_ids",
  ...optionalColumns,
  ...turnColumns,
] as const;

type ColumnTarget = (typeof columnTargets)[number];

const column = z.string().min(1).optional();

export const columnsSchema = z
  .strictObject(
    Object.fromEntries(columnTargets.map((target) => [target, column])) as Record<ColumnTarget, typeof column>,
  )
  .describe("the file's own name of a column, or of a turn's key: {prompt: question, completion: answer}");

export const rolesSchema = z
  .record(z.string().min(1), z.enum(["system", "user", "assistant", "tool"]))
  .describe("what the file's own roles stand for: {bot: assistant}");

export interface ColumnMap {
  columns?: z.output<typeof columnsSchema> | undefined;
  roles?: z.output<typeof rolesSchema> | undefined;
}
