#!/usr/bin/env node
// The entry: answers --version at once, everything else loads the program. Kept free of imports that cost start-up time.
import { readFileSync } from "node:fs";

const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === "--version" || args[0] === "-V")) {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  process.stdout.write(`${manifest.version}\n`);
} else {
  const { enableCompileCache } = (await import("node:module")) as { enableCompileCache?: () => void };
  enableCompileCache?.();
  const { processIo } = await import("./process-io.js");
  const { main } = await import("./program.js");
  process.exitCode = await main(args, processIo());
}
