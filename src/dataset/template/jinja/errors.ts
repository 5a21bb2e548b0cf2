// What can end a render: Python would raise too, we cannot tell what Python prints, or the template costs too much.

/** The source is no template of jinja2's: Python refuses it before it renders anything. */
export class TemplateSyntaxError extends Error {
  constructor(
    message: string,
    /** From 1. */
    readonly line: number,
  ) {
    super(message);
  }
}

/** Python raises here; `type` is the exception's name. */
export class PyError extends Error {
  constructor(
    readonly type: string,
    message: string,
  ) {
    super(message);
  }
}

/** Something of Python or Jinja that is not rebuilt here, or whose text differs from run to run (an address, chance). */
export class Unsupported extends Error {}

/** More steps, more text or deeper calls than a chat template can need. */
export class TooCostly extends Error {}

export function typeError(message: string): PyError {
  return new PyError("TypeError", message);
}

export function valueError(message: string): PyError {
  return new PyError("ValueError", message);
}
