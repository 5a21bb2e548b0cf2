// What GitHub shows beside the workflow: one line a finding, in the format of its workflow commands.
import { FtError, type Place } from "../../errors.js";
import type { Night } from "../../pipeline/ci/night.js";

export function annotations(night: Night): string[] {
  const { outcome, summary, decision, failure, notices, name } = night;
  const lines = notices.map((text) => command("notice", `ft ${name}`, text));
  if (outcome === "failed") {
    const { where, problems } = failure instanceof FtError ? failure : { where: undefined, problems: [] };
    lines.push(command("error", `ft ${name} failed`, summary, where));
    for (const problem of problems) lines.push(command("error", `ft ${name}`, problem.message, problem.where));
  } else if (outcome === "kept" || outcome === "held") {
    const title = `ft ${name}: ${decision!.labels.candidate} is not promoted (${decision!.verdict})`;
    lines.push(...decision!.reasons.map((reason) => command("error", title, reason)));
  } else {
    lines.push(command("notice", `ft ${name}`, summary));
  }
  return lines;
}

function command(kind: "error" | "notice", title: string, text: string, where?: Place): string {
  const { file, line, column } = where ?? {};
  const properties = Object.entries({ file, line, col: column, title })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${property(String(value))}`);
  return `::${kind} ${properties.join(",")}::${message(text)}`;
}

/** As GitHub's own toolkit escapes. */
function message(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return message(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
