// recipe key `alerts`: whom `ft ci` and a rollback tell (docs/nightly.md).
import { z } from "zod";

const alertEvents = ["failure", "hold", "keep", "promote", "rollback"] as const;
export type AlertEvent = (typeof alertEvents)[number];

const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "the name of an environment variable");

export const alertsSchema = z.strictObject({
  webhook: z.strictObject({
    url_env: variable.describe(
      "environment variable with the address; the address itself is a secret, and stands nowhere",
    ),
    secret_env: variable
      .optional()
      .describe("environment variable with the secret that signs each call (X-Ft-Signature); left out: not signed"),
    format: z
      .enum(["slack", "json"])
      .default("slack")
      .describe("slack: {text}, as Slack, Mattermost and others take it; json: all that is known, for a program"),
  }),
  on: z
    .array(z.enum(alertEvents))
    .min(1)
    .default(["failure", "hold", "rollback"])
    .describe(
      "failure: the night ended with an error; hold, keep, promote: what the gate said; rollback: ft adapters rollback",
    ),
});
export type Alerts = z.output<typeof alertsSchema>;
