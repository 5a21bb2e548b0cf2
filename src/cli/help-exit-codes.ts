// `ft help [command|exit-codes]`: commander's help by name, plus the table of exit codes.
import type { Command } from "commander";
import { exitCodes } from "../errors.js";
import type { CommandContext } from "./program.js";

export function registerHelp(program: Command, { io }: CommandContext): void {
  program
    .command("help [topic...]")
    .description("help for a command, or: exit-codes")
    .action((topics: string[]) => {
      if (topics[0] === "exit-codes") {
        io.out.write(exitCodeTable());
        return;
      }
      const command = topics.reduce<Command | undefined>(
        (at, topic) => at?.commands.find((candidate) => candidate.name() === topic),
        program,
      );
      if (!command) program.error(`error: unknown command '${topics.join(" ")}'`);
      else command.outputHelp();
    });
}

/** The same text as docs/exit-codes.md, which a test compares. */
export function exitCodeTable(): string {
  return Object.values(exitCodes)
    .map(({ code, meaning }) => `${String(code).padStart(2)}  ${meaning}\n`)
    .join("");
}
