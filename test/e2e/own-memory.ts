import { readFile } from 'node:fs/promises'

/**
 * Bytes that a process has for itself, on Linux: without pages of files (the program and its libraries), which
 * processes share and of which the kernel keeps as many in memory as it likes: 47 or 66 MB on two days.
 */
export async function ownBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)![1]) * 1024
}
