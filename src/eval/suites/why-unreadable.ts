// Why another program's results cannot be read, in one line: no JSON, or a value that is not what it should be, and where.
import { z } from "zod";

export function whyUnreadable(error: unknown): string {
  if (!(error instanceof z.ZodError)) return (error as Error).message.split("\n")[0]!;
  const [issue] = error.issues;
  return `${issue!.path.join(".")}: ${issue!.message}`;
}
