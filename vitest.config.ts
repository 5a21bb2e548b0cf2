// One vitest project: unit tests beside the code, end-to-end tests in test/ against the built binary.
import { basename } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Those that take minutes, the longest first: one of them begun last would keep one worker while the others have nothing left to do. */
const longest = ["image", "axolotl", "ci", "trainer", "suites", "pair-masks", "ssh", "plan-learn", "budget"];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = longest.indexOf(basename(moduleId, ".test.ts"));
      return place < 0 ? longest.length : place;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  test: {
    include: ["src/**/*.test.{ts,tsx}", "test/**/*.test.ts"],
    globalSetup: ["test/global-setup.ts"],
    sequence: { sequencer: LongestFirst },
    testTimeout: 120_000, // a guard against what hangs; how fast ft is, bench/ says
    hookTimeout: 120_000,
    maxWorkers: 3, // on two cores: the launchers' tests mostly wait for daemons
    // Ink draws nothing but its last frame where these are set: the terminal tests want frames, in CI too.
    env: { CI: "false", CONTINUOUS_INTEGRATION: "false" },
  },
});
