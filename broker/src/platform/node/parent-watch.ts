import { readFileSync } from 'node:fs'

const LOOK_MS = 500
const shells = new Set(['sh', 'dash', 'bash', 'ash', 'busybox', 'zsh'])

/**
 * Calls once, soon after the process that started this one has ended in any way. npm runs scripts through a shell that
 * may pass no signal on and may outlive npm: then the shell's parent counts too, where the system tells it. Keeps no
 * process alive.
 */
export function whenParentEnds(call: () => void): void {
  const parent = process.ppid
  const grandparent = shells.has(nameOf(parent)) ? parentOf(parent) : null
  const timer = setInterval(() => {
    if (process.ppid === parent && isAlive(parent) && (grandparent === null || parentOf(parent) === grandparent)) return
    clearInterval(timer)
    call()
  }, LOOK_MS)
  timer.unref()
}

/** Windows gives no process another parent. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Null where there is no /proc. */
function parentOf(pid: number): number | null {
  const fields = statOf(pid)
  return fields === null ? null : Number(fields.rest[1])
}

function nameOf(pid: number): string {
  return statOf(pid)?.name ?? ''
}

function statOf(pid: number): { name: string; rest: string[] } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [open, close] = [text.indexOf('('), text.lastIndexOf(')')]
    return { name: text.slice(open + 1, close), rest: text.slice(close + 2).split(' ') }
  } catch {
    return null
  }
}
