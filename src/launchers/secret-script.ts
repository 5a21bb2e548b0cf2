// Shell lines that put a platform's secret variables into the one file that run.py takes.

/** In the far side's home, 0600. */
export const farSecretsFile = "$HOME/.ft-secrets.json";

/** `names` are variables of letters, digits and _ (the targets' schema says so). */
export function hideSecrets(names: readonly string[]): string {
  const program = `import json, os; json.dump({name: os.environ[name] for name in ${JSON.stringify(names)}}, os.fdopen(os.open(os.environ["FT_SECRETS"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"))`;
  return `FT_SECRETS="${farSecretsFile}" python3 -c '${program}'`;
}
