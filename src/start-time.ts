// What tells a process from a later one with the same pid: when it started.
import { readFileSync } from "node:fs";
import { execa } from "execa";

/**
 * As text that is only compared: field 22 of /proc/<pid>/stat, elsewhere what ps prints. Null: no such process, or it cannot be told.
 * trainer/ft_trainer/processes.py computes the same.
 */
export async function startTime(pid: number): Promise<string | null> {
  if (process.platform !== "linux") {
    const { stdout } = await execa("ps", ["-o", "lstart=", "-p", String(pid)], { reject: false });
    return stdout?.trim() || null;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? null : fields[18]!;
  } catch {
    return null;
  }
}

/** Whether it still is the process that started then, and not another one that has its pid now. */
export async function isAlive({ pid, startTime: started }: { pid: number; startTime: string }): Promise<boolean> {
  return (await startTime(pid)) === started;
}
