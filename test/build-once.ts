// Vitest global set-up: builds dist/ once, because the end-to-end tests drive the built binary.
import { execFileSync } from "node:child_process";

export default function buildOnce(): void {
  execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" });
}
