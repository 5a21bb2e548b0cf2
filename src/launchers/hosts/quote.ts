// ssh joins its arguments and gives them to the far login shell, so each one is quoted here: the only place where ft writes for a shell.

/**
 * One word for a POSIX shell (fish and csh read it the same), whatever is in it. Throws for a NUL, which no argument can hold.
 * Source: POSIX.1-2017, Shell Command Language, 2.2.2: within single quotes every character but the single quote stands for itself.
 */
export function quote(argument: string): string {
  if (argument.includes("\0")) throw new Error("an argument cannot hold NUL");
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
