// TRL's training templates: twins of known chat templates, with {% generation %} markers and every turn rendered alike.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../paths.js";

/** Made by scripts/training-templates.py from trl 1.16.0; a copy of TRL's files (Apache-2.0). */
const folder = join(packageRoot, "data", "training-templates");

/**
 * The template that TRL trains with in the place of the one with this sha256, or null: get_training_chat_template of
 * trl/chat_template_utils.py (1.16.0), which compares whole texts. TRL asks it only where masks go by markers and the template has none.
 */
export function trainingTwin(sha256: string): string | null {
  const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as Record<string, string>;
  const file = index[sha256];
  return file === undefined ? null : readFileSync(join(folder, file), "utf8");
}
