// One vitest project: unit tests beside the code, end-to-end tests in test/ against the built binary.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.{ts,tsx}", "test/**/*.test.ts"],
    globalSetup: ["test/global-setup.ts"],
    testTimeout: 120_000, // a guard against what hangs; how fast ft is, bench/ says
    hookTimeout: 120_000,
    maxWorkers: 3, // on two cores: the launchers' tests mostly wait for daemons
    // Ink draws nothing but its last frame where these are set: the terminal tests want frames, in CI too.
    env: { CI: "false", CONTINUOUS_INTEGRATION: "false" },
  },
});
