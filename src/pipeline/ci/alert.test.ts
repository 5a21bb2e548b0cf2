// A webhook that takes its time to answer well: tried again, in both formats, and nothing of its address in what is said of it.
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { alertsSchema } from "../../recipes/schema/alerts.js";
import { type Happening, sendAlert } from "./alert.js";

const calls: { headers: IncomingHttpHeaders; body: string }[] = [];
let answers: number[] = [];
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (part) => {
    body += part;
  });
  request.on("end", () => {
    calls.push({ headers: request.headers, body });
    response.writeHead(answers.shift() ?? 200, { location: "http://127.0.0.1:9/elsewhere" }).end();
  });
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => void server.close());

const happening: Happening = {
  ...{ event: "hold", line: "bot", summary: "hold: <too few>", adapter: "bot@2", champion: "bot@1", run: "r1", at: 5 },
  reasons: ["<too few>", "loss & bleu: @channel"], // the first stands in the summary
};
const env = () => ({ HOOK: `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path` });
const alerts = (more: object = {}, on?: string[]) =>
  alertsSchema.parse({ webhook: { url_env: "HOOK", ...more }, ...(on && { on }) });

it("sends what Slack reads, or all that is known; unsigned without a secret; nothing that nobody asked for", async () => {
  expect(await sendAlert(alerts(), happening, env())).toBeNull();
  expect(JSON.parse(calls[0]!.body)).toEqual({
    text: "*ft bot: held: a person has to look*\nhold: &lt;too few&gt;\n- loss &amp; bleu: @channel\nchampion: bot@1, run: r1",
  });
  expect(calls[0]!.headers["x-ft-signature"]).toBeUndefined();
  const rollback = {
    event: "rollback",
    summary: "ada put bot@1 back in the place of bot@2",
    reasons: ["back"],
  } as const;
  expect(await sendAlert(alerts(), { ...happening, ...rollback }, env())).toBeNull();
  expect(JSON.parse(calls.pop()!.body).text).toContain("in the place of bot@2\n- back\n");
  expect(await sendAlert(alerts({ format: "json" }), happening, env())).toBeNull();
  expect(JSON.parse(calls[1]!.body)).toEqual(happening);
  expect(await sendAlert(alerts({}, ["failure"]), happening, env())).toBeNull();
  expect(calls).toHaveLength(2);
});

it("tries again what may pass, and says what failed without the address", { timeout: 60_000 }, async () => {
  answers = [503, 429, 500];
  const failed = await sendAlert(alerts(), happening, env());
  expect([failed, calls.length]).toEqual(["no alert reached the webhook of HOOK: it answered HTTP 500", 5]);
  answers = [404];
  expect(await sendAlert(alerts(), happening, env())).toContain("it answered HTTP 404");
  answers = [302, 302, 302];
  expect(await sendAlert(alerts(), happening, env())).toMatch(/^no alert reached the webhook of HOOK: it cannot be/);
  expect(await sendAlert(alerts(), happening, { HOOK: "no address: secret" })).not.toContain("secret");
  expect(await sendAlert(alerts(), happening, {})).toBe("no alert was sent: HOOK is not set");
  const unsigned = await sendAlert(alerts({ secret_env: "KEY" }), happening, env());
  expect(unsigned).toBe("no alert was sent: KEY is not set");
});
