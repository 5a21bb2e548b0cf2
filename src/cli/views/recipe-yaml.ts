// A recipe as YAML; with `choices`, each value that was not written has a comment that says why it is there.
import { Document, isMap, isPair, visit } from "yaml";
import type { LoadedRecipe } from "../../recipes/load.js";

export function recipeYaml(values: unknown, loaded: Pick<LoadedRecipe, "choices" | "isWritten"> | null): string {
  const document = new Document(values, { compat: "yaml-1.1" });
  if (loaded) {
    visit(document, {
      Pair(_, pair, above) {
        const path = [...above.filter(isPair), pair].map((each) => String(each.key));
        const node = pair.value as { comment?: string } | null;
        if (!node || isMap(node) || loaded.isWritten(path)) return;
        const choice = loaded.choices.find(({ key }) => key === path.join("."));
        node.comment = choice ? ` chosen: ${choice.reason}` : " default";
      },
    });
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}
