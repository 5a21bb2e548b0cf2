// Types as Python writes them in an engine's source ("dict[str, Any] | str | None"), and which values of YAML or JSON they take.

export interface PythonType {
  /** "list", "Literal", "SchedulerType"; "|" for a union. */
  name: string;
  args: PythonType[];
  /** Of a Literal's argument: its value. */
  value?: string | number | boolean | null;
}

/** What a name that is no built-in type stands for. */
export interface NamedTypes {
  /** Texts of an enumeration. */
  enum?: readonly (string | number)[] | undefined;
  /** It is a class whose fields are known: an object. */
  isRecord: boolean;
}

/** Throws on text that is no type: the table is broken then. */
export function parsePythonType(text: string): PythonType {
  const tokens = text.match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[\w.+-]+|[[\]|,()]/g) ?? [];
  let next = 0;
  const union = (): PythonType => {
    const members = [term()];
    while (tokens[next] === "|") {
      next++;
      members.push(term());
    }
    return members.length === 1 ? members[0]! : { name: "|", args: members };
  };
  const term = (): PythonType => {
    const token = tokens[next++];
    if (token === undefined) throw new Error(`not a type: ${text}`);
    if (token === "(" || token === "[") return { name: "list", args: list(token === "(" ? ")" : "]") };
    const type: PythonType = { name: token, args: [], ...literal(token) };
    if (tokens[next] !== "[") return type;
    next++;
    return { ...type, args: list("]") };
  };
  const list = (end: string): PythonType[] => {
    const items: PythonType[] = [];
    while (tokens[next] !== end) {
      items.push(union());
      if (tokens[next] === ",") next++;
    }
    next++;
    return items;
  };
  return union();
}

function literal(token: string): Pick<PythonType, "value"> {
  if (/^['"]/.test(token)) return { value: token.slice(1, -1).replace(/\\(.)/g, "$1") };
  if (token === "None") return { value: null };
  if (token === "True" || token === "False") return { value: token === "True" };
  return /^[+-]?[\d.]/.test(token) ? { value: Number(token) } : {};
}

/** Whether a value fits; as strict as Python's own types, but that a whole number is a float too. */
export function fitsPythonType({ name, args }: PythonType, value: unknown, named: NamedTypes): boolean {
  const fits = (type: PythonType | undefined, each: unknown) => !type || fitsPythonType(type, each, named);
  switch (name) {
    case "|":
      return args.some((type) => fits(type, value));
    case "Any":
    case "object":
      return true;
    case "None":
      return value === null;
    case "bool":
      return typeof value === "boolean";
    case "int":
      return Number.isInteger(value);
    case "float":
      return typeof value === "number";
    case "str":
      return typeof value === "string" && (!named.enum || named.enum.includes(value));
    case "Path":
      return typeof value === "string";
    case "Literal":
      return args.some((type) => type.value === value);
    case "list":
    case "set":
    case "Sequence":
      return Array.isArray(value) && value.every((each) => fits(args[0], each));
    case "tuple":
      return Array.isArray(value);
    case "dict":
    case "Mapping":
      return isMap(value) && Object.values(value).every((each) => fits(args[1], each));
    default:
      return fitsNamed(value, named);
  }
}

function fitsNamed(value: unknown, { enum: values, isRecord }: NamedTypes): boolean {
  if (typeof value === "string" || typeof value === "number") return values ? values.includes(value) : !isRecord;
  return isRecord ? isMap(value) : !values;
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
