// `ft help [command|exit-codes]`: commander's help by name, plus the table of exit codes.
import type { Command } from "commander";
import { exitCodes } from "../errors.js";
import type { CommandContext } from "./program.js";

export function registerHelp(program: Command, { io }: CommandContext): void {
  program
    .command("help [topic]")
    .description("help for a command, or: exit-codes")
    .action((topic: string | undefined) => {
      if (topic === "exit-codes") {
        io.out.write(exitCodeTable());
        return;
      }
      const command = topic ? program.commands.find((candidate) => candidate.name() === topic) : program;
      if (!command) program.error(`error: unknown command '${topic}'`);
      else command.outputHelp();
    });
}

/** The same text as docs/exit-codes.md, which a test compares. */
export function exitCodeTable(): string {
  return Object.values(exitCodes)
    .map(({ code, meaning }) => `${String(code).padStart(2)}  ${meaning}\n`)
    .join("");
}
