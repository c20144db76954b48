import { AsyncLocalStorage } from 'node:async_hooks'
import type { ProgramClock } from './program-clock.ts'

/**
 * The clock of the program whose code runs now, through all that it awaits: what that code asks of globals is the
 * program's, and ends with it.
 */
const running = new AsyncLocalStorage<ProgramClock>()

/** Undefined: no program's code runs. */
export function runningClock(): ProgramClock | undefined {
  return running.getStore()
}

export function runWith<Result>(clock: ProgramClock, call: () => Result): Result {
  return running.run(clock, call)
}
