import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Kind } from './failure-file.ts'
import type { Share, Turn } from './long-run-worker.ts'

const REPORT_MS = 60_000
const kinds: readonly Kind[] = ['core', 'whole']

/**
 * Runs seeds that were not run before, on every core, worlds of the core alone and of whole brokers in turn, until the
 * time is over or something fails. Exit code 0: no violation; 1: a violation, whose history has been written to a file.
 */
export async function runHours(hours: number): Promise<number> {
  const first = Date.now()
  const workers = availableParallelism()
  const until = first + hours * 3_600_000
  const sums = new Map(kinds.map((kind) => [kind, { seeds: 0, events: 0, seconds: 0 }]))
  const report = (): void => {
    for (const [kind, { seeds, events, seconds }] of sums) {
      const rate = seconds === 0 ? 0 : Math.round(events / seconds)
      console.log(`${kind}: ${seeds} seeds, ${events} events, ${rate} events/s on one core`)
    }
  }
  const timer = setInterval(report, REPORT_MS)
  console.log(`seeds from ${first} on ${workers} cores for ${hours} h`)
  let failed = false
  const running = Array.from({ length: workers }, (_, at) => {
    const workerData: Share = { from: first + at, step: workers, until }
    return new Worker(new URL('./long-run-worker.ts', import.meta.url), { workerData })
  })
  await Promise.all(
    running.map(
      (worker) =>
        new Promise<void>((resolve) => {
          worker.on('message', ({ kind, seeds, events, seconds, failure }: Turn) => {
            const sum = sums.get(kind)!
            Object.assign(sum, {
              seeds: sum.seeds + seeds,
              events: sum.events + events,
              seconds: sum.seconds + seconds,
            })
            if (failure === null) return
            failed = true
            console.log(`${kind} seed ${failure.seed}: VIOLATION ${failure.message}\nits history: ${failure.path}`)
            for (const other of running) if (other !== worker) void other.terminate()
          })
          worker.on('error', (error) => {
            failed = true
            console.error(error)
          })
          worker.on('exit', () => resolve())
        }),
    ),
  )
  clearInterval(timer)
  report()
  return failed ? 1 : 0
}
