import { readFileSync } from 'node:fs'

const SAMPLE_MS = 100

/** Bytes that processes have in memory together; one that is gone counts nothing. On Linux. */
export function residentBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      return sum + Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
    } catch {
      return sum
    }
  }, 0)
}

/** The most that processes have together from now on, looked at ten times a second. */
export function watchPeak(pids: () => readonly number[]): { readonly end: () => number } {
  let peak = 0
  const look = () => {
    peak = Math.max(peak, residentBytes(pids()))
  }
  const timer = setInterval(look, SAMPLE_MS)
  return {
    end: () => {
      clearInterval(timer)
      look()
      return peak
    },
  }
}
