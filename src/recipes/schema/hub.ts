// recipe key `hub`: where the result is pushed.
import { z } from "zod";

const hubRepo = z.string().regex(/^[\w.-]+\/[\w.-]+$/, "an owner and a name: org/name");

export const hubSchema = z.strictObject({
  repo: hubRepo.describe(
    "repository on the Hub that gets the adapter at the end of `ft run`; made when it is not there",
  ),
  private: z.boolean().default(true).describe("of a repository that is made"),
  branch: z.string().min(1).default("main").describe("branch that gets the commit"),
});
