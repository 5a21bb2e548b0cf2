// `ft adapters`: the registry of what was trained. Names and flags; each action is a file of its own in src/cli/adapters/.
import { type Command, InvalidArgumentError } from "commander";
import { outputName } from "./output-name.js";
import type { CommandContext } from "./program.js";

export function registerAdapters(program: Command, context: CommandContext): void {
  const adapters = program.command("adapters").description("trained adapters: look, promote, roll back, sign, share");
  const version = "name, name@version or name@alias (support-bot, support-bot@7, support-bot@champion)";

  adapters
    .command("ls [line]")
    .description("list the registered adapters by line, with their aliases")
    .option("--all", "also those whose weights were removed")
    .option("--json", "print JSON")
    .action(async (line, flags) => (await import("./adapters/list.js")).listCommand(context, line, flags));

  adapters
    .command("show <adapter>")
    .description("an adapter's lineage, aliases with their history, comparison, and how to load it")
    .option("--json", "print JSON")
    .action(async (adapter, flags) => (await import("./adapters/show.js")).showCommand(context, adapter, flags));

  adapters
    .command("promote <adapter>")
    .description("make it the champion of its line; the champion becomes previous")
    .option("--why <text>", "for the history")
    .option("--force", "also when the gate said no, or for another base; needs --why, and the history says it")
    .option("--json", "print JSON")
    .action(async (adapter, flags) => (await import("./adapters/promote.js")).promoteCommand(context, adapter, flags));

  adapters
    .command("rollback <line>")
    .description("make the previous version champion again; once more rolls forward")
    .option("--why <text>", "for the history")
    .option("--json", "print JSON")
    .action(async (line, flags) => (await import("./adapters/promote.js")).rollbackCommand(context, line, flags));

  adapters
    .command("tag <adapter> <alias>")
    .description("put a name on a version: candidate, anchor, or any other")
    .option("--remove", "take it off")
    .option("--why <text>", "for the history")
    .option("--json", "print JSON")
    .action(async (adapter, alias, flags) =>
      (await import("./adapters/promote.js")).tagCommand(context, adapter, alias, flags),
    );

  adapters
    .command("diff <adapter> <other>")
    .description("how two versions differ: lineage, recipe, scores, weights by layer")
    .option("--json", "print JSON")
    .action(async (a, b, flags) => (await import("./adapters/diff.js")).diffCommand(context, a, b, flags));

  adapters
    .command("verify <adapter|folder>")
    .description("check an adapter's files, weights, base and signature; exit code 4 when one is broken")
    .option("--key <file>", "public key (PEM) that must have signed it")
    .option("--json", "print JSON")
    .action(async (adapter, flags) => (await import("./adapters/verify.js")).verifyCommand(context, adapter, flags));

  adapters
    .command("sign <adapter>")
    .description("sign its files (OpenSSF model signing) into model.sig beside them")
    .requiredOption("--key <file>", "private key: PEM, elliptic curve P-256, P-384 or P-521")
    .option("--passphrase-file <file>", "file with the passphrase of an encrypted key")
    .option("--json", "print JSON")
    .action(async (adapter, flags) => (await import("./adapters/sign.js")).signCommand(context, adapter, flags));

  adapters
    .command("export-card <adapter>")
    .description("print its model card: data, licence, evaluation, lineage, how to load it")
    .option("--repo <org/name>", "repository of the Hub that it says to load from", repository)
    .option("--out <file>", "write it to a file", outputName)
    .action(async (adapter, flags) => (await import("./adapters/documents.js")).cardCommand(context, adapter, flags));

  adapters
    .command("bom <adapter>")
    .description("print its bill of materials: a CycloneDX ML-BOM as JSON")
    .option("--out <file>", "write it to a file", outputName)
    .action(async (adapter, flags) => (await import("./adapters/documents.js")).bomCommand(context, adapter, flags));

  adapters
    .command("gc")
    .description("remove the weights of old versions that no alias holds, after asking; their lineage stays")
    .option("--keep <n>", "newest versions of each line to keep", wholeNumber, 10)
    .option("--older-than <days>", "keep all that are younger", wholeNumber, 0)
    .option("--yes", "do not ask")
    .option("--json", "print JSON; removes nothing without --yes")
    .action(async (flags) => (await import("./adapters/gc.js")).gcCommand(context, flags));

  adapters
    .command("push <adapter>")
    .description("push it to the Hub as one commit, tagged v<version>, with its lineage and a model card")
    .requiredOption("--repo <org/name>", "repository; made when it is not there", repository)
    .option("--public", "make it public (default: private)")
    .option("--branch <branch>", "branch that gets the commit", "main")
    .option("--json", "print JSON")
    .action(async (adapter, flags) => (await import("./adapters/hub.js")).pushCommand(context, adapter, flags));

  adapters
    .command("pull <org/name[@version]>")
    .description("fetch an adapter that ft pushed, check it, and register it with its lineage")
    .option("--revision <revision>", "branch, tag or commit in place of a version (default: main)")
    .option("--as <line>", "register it as the next version of this line")
    .option("--key <file>", "public key (PEM) that must have signed it")
    .option("--json", "print JSON")
    .action(async (source, flags) => (await import("./adapters/hub.js")).pullCommand(context, source, flags));

  for (const command of adapters.commands) {
    for (const argument of command.registeredArguments) {
      if (["adapter", "other"].includes(argument.name())) argument.description = version;
    }
  }
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError("It takes a whole number.");
}

function repository(text: string): string {
  if (/^[\w.-]+\/[\w.-]+$/.test(text)) return text;
  throw new InvalidArgumentError("It takes an owner and a name: org/name.");
}
