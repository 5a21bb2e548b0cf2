// Writes docs/rules.md from the table of rules: node scripts/rules-page.mjs, after a build.
import { writeFileSync } from "node:fs";
import { rulesPage } from "../dist/dataset/rules/rule-page.js";

writeFileSync(new URL("../docs/rules.md", import.meta.url), rulesPage());
