// Colours for a terminal, and none elsewhere.
import { styleText } from "node:util";
import type { Io } from "../io.js";

type OneStyle = Exclude<Parameters<typeof styleText>[0], unknown[]>;
export type Style = OneStyle | readonly OneStyle[];
export type Paint = (style: Style, text: string) => string;

/** Whether there is a terminal that wants colours was decided here, so styleText is not to look again. */
export function painter(isColoured: boolean): Paint {
  return (style, text) =>
    isColoured && text !== "" ? styleText(style as OneStyle[], text, { validateStream: false }) : text;
}

/** On a terminal, unless NO_COLOR is set (no-color.org) or it is a dumb one. */
export function wantsColour({ out, env }: Io): boolean {
  return out.isTTY && !env.NO_COLOR && env.TERM !== "dumb";
}
