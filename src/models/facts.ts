// What ft knows about a model: where it comes from, and the facts that rendering and checking need.

export interface ModelFacts {
  /** What the person typed. */
  asked: string;
  source: "hub" | "folder" | "gguf" | "embedded";
  /** Hub id, embedded alias, or absolute path: what lineage and adapter_config.json name as the base. */
  id: string;
  /** Hub commit, or sha256 over the folder's weight files; null until fetched. */
  revision: string | null;
  /** Local folder with config.json, tokenizer and safetensors; null until fetched. */
  dir: string | null;
  /** Chat template that training, checks and evaluation use; null: unknown until fetched, or the model has none. */
  template: ChatTemplate | null;
  /** Told to the person, on stderr and in ft.yaml: "no Llama 4 of 8B exists ...". */
  notice: string | null;
  /** From config.json or the catalogue; null when unknown. */
  maxContext: number | null;
  family: string | null;
  /** Billions of parameters: of the catalogue, or counted from the weights' size; null when unknown. */
  paramsB: number | null;
}

export interface ChatTemplate {
  /** Jinja source. */
  source: string;
  /** sha256 of the source, hex. */
  sha256: string;
  /** "model", "builtin:chatml", or "file:<path>". */
  origin: string;
  /** Has {% generation %} markers, so that engines can mask by them. */
  hasGenerationMarkers: boolean;
}
