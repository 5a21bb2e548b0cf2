// The command tree: names and flags only. Each command loads what it needs inside its action.
import { Command, CommanderError } from "commander";
import { exitCodes } from "../errors.js";
import { registerAdapters } from "./adapters.js";
import { registerCi } from "./ci.js";
import { registerData } from "./data.js";
import { registerDoctor } from "./doctor.js";
import { registerEngines } from "./engines.js";
import { registerEnv } from "./env.js";
import { registerEval } from "./eval.js";
import { registerGate } from "./gate.js";
import { registerHelp } from "./help-exit-codes.js";
import { registerImage } from "./image.js";
import { registerInit } from "./init.js";
import { type Io, writeJson } from "./io.js";
import { registerLaunch } from "./launch.js";
import { registerLock } from "./lock.js";
import { registerModels } from "./models.js";
import { registerPlan } from "./plan.js";
import { registerRecipe } from "./recipe.js";
import { registerRender } from "./render.js";
import { registerRun } from "./run.js";
import { registerRuns } from "./runs.js";
import { registerSchema } from "./schema.js";
import { registerSweep } from "./sweep.js";

/** Runs one command line and returns the exit code. Never throws, never calls process.exit. */
export async function main(args: string[], io: Io): Promise<number> {
  const status: { code: number; details: Record<string, unknown> } = { code: exitCodes.ok.code, details: {} };
  const program = createProgram({
    io,
    exit: (code) => {
      status.code = code;
    },
    detailFailure: (details) => {
      status.details = details;
    },
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return status.code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      // Commander has told the person already.
      if (args.includes("--json")) writeJson(io, { ok: false, error: usageError(error) });
      return exitCodes.usage.code;
    }
    const { reportError } = await import("./report-error.js");
    const { details } = status;
    return reportError(error, io, { json: args.includes("--json"), debug: args.includes("--debug"), details });
  }
}

function usageError({ message }: CommanderError): Record<string, unknown> {
  return { code: "usage.command", exit: exitCodes.usage.code, message: message.replace(/^error: /, "") };
}

/** What a command's register function gets: the world, and a way to end with a documented code other than 0. */
export interface CommandContext {
  io: Io;
  exit(code: number): void;
  /** What `--json` says beside the failure that is thrown next. */
  detailFailure(details: Record<string, unknown>): void;
}

function createProgram(context: CommandContext): Command {
  const { io } = context;
  const program = new Command("ft")
    .description("Fine-tuning orchestration: recipe in, a checked, tracked, evaluated and registered adapter out.")
    .version("", "-V, --version", "print the version")
    .option("--debug", "show the stack trace of a failure")
    .helpCommand(false)
    .showHelpAfterError("(ft help lists the commands)")
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => io.out.write(text),
      writeErr: (text) => io.err.write(text),
      getOutHelpWidth: () => Math.min(io.out.columns, 120),
      getErrHelpWidth: () => Math.min(io.err.columns, 120),
    })
    .exitOverride();
  for (const register of commands) register(program, context);
  return program;
}

/** One line a command, in the order of the help. */
const commands: ((program: Command, context: CommandContext) => void)[] = [
  registerInit,
  registerModels,
  registerData,
  registerRecipe,
  registerSchema,
  registerPlan,
  registerRender,
  registerLock,
  registerRun,
  registerRuns,
  registerSweep,
  registerLaunch,
  registerEval,
  registerGate,
  registerAdapters,
  registerCi,
  registerEngines,
  registerEnv,
  registerImage,
  registerDoctor,
  registerHelp,
];
