// One vitest project: unit tests beside the code, end-to-end tests in test/ against the built binary.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.{ts,tsx}", "test/**/*.test.ts"],
    globalSetup: ["test/global-setup.ts"],
    testTimeout: 30_000,
    maxWorkers: 2,
  },
});
