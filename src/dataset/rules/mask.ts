// How personal data and secrets are shown: the first and last characters at most, whatever the output.

/** "jo***@***.com" */
export function maskedAddress(address: string): string {
  const [local = "", domain = ""] = address.split("@");
  return `${local.length > 4 ? local.slice(0, 2) : ""}***@***${domain.slice(domain.lastIndexOf("."))}`;
}

/** Two characters of each end of what is long enough to hide the rest, else none. */
export function masked(value: string): string {
  return value.length >= 10 ? `${value.slice(0, 2)}***${value.slice(-2)}` : "***";
}
