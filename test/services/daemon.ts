// A daemon of a test: a process in the foreground with a log, ended by the test, or with the test's own process when that ends early.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export interface Daemon {
  pid: number;
  /** True until it ended, by whatever. */
  isRunning(): boolean;
  /** Waits until `ready` says true; throws with its last words when it ends before, or takes longer than 20 s. */
  until(ready: () => Promise<boolean>): Promise<void>;
  /** Ends it, and waits for that. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Starts it; stdout and stderr go to the log. */
export function startDaemon(file: string, args: string[], options: { log: string; env?: NodeJS.ProcessEnv }): Daemon {
  const log = openSync(options.log, "a");
  const child = spawn(file, args, { stdio: ["ignore", log, log], env: { ...process.env, ...options.env } });
  closeSync(log);
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  const endWithUs = () => void child.kill("SIGKILL");
  process.once("exit", endWithUs);
  void ended.then(() => process.off("exit", endWithUs));
  return {
    pid: child.pid ?? 0,
    isRunning: () => isRunning(child),
    async until(ready) {
      const deadline = performance.now() + 20_000;
      while (!(await ready())) {
        if (!isRunning(child) || performance.now() > deadline)
          throw new Error(`${file}: ${readFileSync(options.log, "utf8").trim().split("\n").slice(-5).join("; ")}`);
        await sleep(50);
      }
    },
    async kill(signal) {
      if (isRunning(child)) child.kill(signal);
      await ended;
    },
  };
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
