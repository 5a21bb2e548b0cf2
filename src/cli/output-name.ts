// Names of what a command writes: "-" stands for stdin where files are read, and would be a file of that name here.
import { InvalidArgumentError } from "commander";

/** For options that name a file or a folder to write. @throws InvalidArgumentError (exit usage) for "-" */
export function outputName(name: string): string {
  if (name !== "-") return name;
  throw new InvalidArgumentError("stdout is not written to: give a name (./- for one that is called so).");
}
