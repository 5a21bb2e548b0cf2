// The post-processor of tokenizer.json for a single text: ids it puts before and after, and whether offsets lose their spaces.

export interface PostProcessor {
  before: number[];
  after: number[];
  /** Once for each ByteLevel step that trims: whether a first space is one that the tokenizer put there itself. */
  trims: { addPrefixSpace: boolean }[];
}

export interface PostProcessorStep {
  type: string;
  processors?: PostProcessorStep[];
  single?: { SpecialToken?: { id: string }; Sequence?: { id: string } }[];
  special_tokens?: Record<string, { ids: number[] }>;
  trim_offsets?: boolean;
  add_prefix_space?: boolean;
  sep?: [string, number];
  cls?: [string, number];
}

/** Null: it has a step that is not known here. */
export function compilePostProcessor(step: PostProcessorStep | null | undefined): PostProcessor | null {
  const compiled: PostProcessor = { before: [], after: [], trims: [] };
  return !step || addStep(compiled, step) ? compiled : null;
}

function addStep(compiled: PostProcessor, step: PostProcessorStep): boolean {
  switch (step.type) {
    case "Sequence":
      return (step.processors ?? []).every((each) => addStep(compiled, each));
    case "TemplateProcessing":
      return addTemplate(compiled, step);
    case "RobertaProcessing":
      if (step.trim_offsets ?? true) compiled.trims.push({ addPrefixSpace: step.add_prefix_space ?? true });
      return addEnds(compiled, step);
    case "BertProcessing":
      return addEnds(compiled, step);
    case "ByteLevel":
      if (step.trim_offsets ?? true) compiled.trims.push({ addPrefixSpace: step.add_prefix_space ?? true });
      return true;
    default:
      return false;
  }
}

function addTemplate(compiled: PostProcessor, { single = [], special_tokens = {} }: PostProcessorStep): boolean {
  const sequence = single.findIndex((part) => part.Sequence);
  const ids = single.map((part) => (part.SpecialToken ? special_tokens[part.SpecialToken.id]?.ids : []));
  if (sequence === -1 || single.filter((part) => part.Sequence).length > 1 || ids.includes(undefined)) return false;
  compiled.before.unshift(...ids.slice(0, sequence).flatMap((each) => each!));
  compiled.after.push(...ids.slice(sequence).flatMap((each) => each!));
  return true;
}

function addEnds(compiled: PostProcessor, { cls, sep }: PostProcessorStep): boolean {
  if (!cls || !sep) return false;
  compiled.before.unshift(cls[1]);
  compiled.after.push(sep[1]);
  return true;
}

/** Takes the spaces that a token begins and ends with out of its range (process_offsets of the Rust library). In place. */
export function trimOffsets(
  text: string,
  { starts, ends }: { starts: number[]; ends: number[] },
  tokens: readonly string[],
  { addPrefixSpace }: { addPrefixSpace: boolean },
): void {
  for (const [at, token] of tokens.entries()) {
    let leading = /^[\u0120\p{White_Space}]*/u.exec(token)![0].length;
    let trailing = /[\u0120\p{White_Space}]*$/u.exec(token)![0].length;
    // A single one was put there by the tokenizer.
    if (leading === 1 && addPrefixSpace && (at === 0 || starts[at] === 0)) leading = 0;
    let start = starts[at]!;
    for (; leading > 0; leading -= 1) start += text.codePointAt(start)! > 0xffff ? 2 : 1;
    starts[at] = Math.min(start, ends[at]!);
    let end = ends[at]!;
    // One character of the text for each space of the token, whatever it is.
    for (; trailing > 0 && end > 0; trailing -= 1) end -= /[\udc00-\udfff]/.test(text[end - 1]!) ? 2 : 1;
    if (trailing === 0) ends[at] = Math.max(end, starts[at]!);
  }
}
