import type { ProgramWorld } from './program.ts'
import { runningClock } from './running-program.ts'
import { bytesOf, uuidOf } from './seeded.ts'

let isReplaced = false

/**
 * Replaces the globals for time and chance by those of a simulated world. Returns what puts them back.
 * @throws Error while another run has replaced them
 */
export function replaceGlobals({ clients: { surroundings }, random, clock }: ProgramWorld): () => void {
  if (isReplaced) throw new Error('Another run with globals is under way in this process: await it first.')
  isReplaced = true
  const timers = new SimulatedTimers(clock)
  const RealDate = Date
  const SimulatedDate = new Proxy(RealDate, {
    construct: (target, given, newTarget) =>
      Reflect.construct(target, given.length === 0 ? [clock.now()] : given, newTarget) as object,
    apply: () => new RealDate(clock.now()).toString(),
    get: (target, name) => (name === 'now' ? clock.now : Reflect.get(target, name)),
  })
  const undo = [
    replace(globalThis, {
      Date: SimulatedDate,
      setTimeout: timers.once,
      setInterval: timers.every,
      setImmediate: (call: () => void, ...given: unknown[]) => timers.once(call, 0, ...given),
      clearTimeout: timers.clear,
      clearInterval: timers.clear,
      clearImmediate: timers.clear,
    }),
    replace(Math, { random: surroundings.random }),
    replace(performance, { now: clock.monotonic }),
    replace(crypto, {
      randomUUID: () => uuidOf(random),
      getRandomValues: (into: NodeJS.TypedArray) => {
        new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(bytesOf(random, into.byteLength))
        return into
      },
    }),
    replace(AbortSignal, { timeout: (ms: number) => abortedAfter(runningClock() ?? clock, ms) }),
  ]
  return () => {
    for (const back of undo) back()
    isReplaced = false
  }
}

function abortedAfter(clock: ProgramWorld['clock'], ms: number): AbortSignal {
  const over = new AbortController()
  const reason = new DOMException('The operation was aborted due to timeout', 'TimeoutError')
  clock.setTimeout(() => over.abort(reason), ms)
  return over.signal
}

/** What timers of Node.js give back. */
class SimulatedTimer {
  cancelled = false
  cancel: () => void = () => {}

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  hasRef(): boolean {
    return true
  }

  [Symbol.dispose](): void {
    this.cancelled = true
    this.cancel()
  }
}

class SimulatedTimers {
  readonly #clock: ProgramWorld['clock']

  constructor(clock: ProgramWorld['clock']) {
    this.#clock = clock
  }

  readonly once = (call: (...given: unknown[]) => void, ms = 0, ...given: unknown[]): SimulatedTimer => {
    const timer = new SimulatedTimer()
    timer.cancel = this.#owner().setTimeout(() => call(...given), ms).cancel
    return timer
  }

  readonly every = (call: (...given: unknown[]) => void, ms = 0, ...given: unknown[]): SimulatedTimer => {
    const timer = new SimulatedTimer()
    const owner = this.#owner()
    const again = (): void => {
      timer.cancel = owner.setTimeout(
        () => {
          again()
          if (!timer.cancelled) call(...given)
        },
        Math.max(1, ms),
      ).cancel
    }
    again()
    return timer
  }

  readonly clear = (timer: unknown): void => {
    if (timer instanceof SimulatedTimer) timer[Symbol.dispose]()
  }

  /** Timers end with the program that has set them. */
  #owner(): ProgramWorld['clock'] {
    return runningClock() ?? this.#clock
  }
}

/** Sets properties of an object. Returns what puts them back as they were. */
function replace(of: object, values: Readonly<Record<string, unknown>>): () => void {
  const before = Object.keys(values).map((name) => [name, Object.getOwnPropertyDescriptor(of, name)] as const)
  for (const [name, value] of Object.entries(values))
    Object.defineProperty(of, name, { value, configurable: true, writable: true })
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(of, name)
      else Object.defineProperty(of, name, descriptor)
    }
  }
}
