import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'

/** Clock ticks a second as Linux shows them to programs, for any frequency of the kernel. */
const CLOCK_TICKS_PER_SECOND = 100

const FEWEST_WINDOWS = 3

/**
 * Each process's share of a core, 0.01 for one per cent, from outside: a broker that is asked for its metrics is not
 * idle. Of several windows the least counts: what else the machine does can only add, by cold caches and clocks. No
 * more windows are taken after three once all shares are below `enough`.
 */
export async function leastShares(
  pids: readonly number[],
  windows: number,
  windowMs: number,
  enough = 0,
): Promise<number[]> {
  const least = pids.map(() => Number.POSITIVE_INFINITY)
  const spent = (): Promise<number[]> => Promise.all(pids.map(processorSeconds))
  for (let window = 0; window < windows; window += 1) {
    if (window >= FEWEST_WINDOWS && least.every((share) => share < enough)) break
    const before = await spent()
    await new Promise((done) => setTimeout(done, windowMs))
    for (const [at, seconds] of (await spent()).entries()) {
      least[at] = Math.min(least[at]!, ((seconds - before[at]!) * 1000) / windowMs)
    }
  }
  return least
}

/** Not every kernel counts in nanoseconds what its scheduler gives each thread. */
const isCountedFinely = existsSync('/proc/self/schedstat')

/**
 * Seconds of processor time that the threads of a process have used; on Linux. A tick is a sixth of 1 % of a window of
 * 6 s: in ticks 0.9 % is 0.83 or 1.00.
 */
export async function processorSeconds(pid: number): Promise<number> {
  if (!isCountedFinely) return processorTicks(pid)
  const threads = await readdir(`/proc/${pid}/task`)
  const files = await Promise.all(threads.map((id) => readFile(`/proc/${pid}/task/${id}/schedstat`, 'utf8')))
  return files.reduce((sum, file) => sum + Number(file.split(' ')[0]) / 1e9, 0)
}

async function processorTicks(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND
}
