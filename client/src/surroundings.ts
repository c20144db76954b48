import { TailraceError } from '@tailrace/schemas'

export interface Timer {
  cancel(): void
}

/**
 * What a client stands on: time, chance and connections, so that a simulator can own all three. Its timers do not keep
 * a Node.js process alive where the client has none to wait for.
 */
export interface ClientSurroundings {
  /** Milliseconds since 1970; may jump. */
  now(): number
  /** Milliseconds of a clock that never goes back. */
  monotonic(): number
  /** Calls once, after `ms` milliseconds. */
  after(ms: number, call: () => void): Timer
  /** As `after`; the process may end before. */
  afterIdle(ms: number, call: () => void): Timer
  /** Calls every `ms` milliseconds; the process may end meanwhile. */
  every(ms: number, call: () => void): Timer
  /** In [0, 1). Not for secrets. */
  random(): number
  /** Bytes that nobody can guess. */
  secret(bytes: number): Uint8Array<ArrayBuffer>
  /** A connection, a `Duplex` of node:stream, to `host:port`; null: through the network of the machine. */
  readonly connect: ((address: string) => object) | null
}

/** The machine's own, in Node.js and in browsers. */
export const machine: ClientSurroundings = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return { cancel: () => clearTimeout(timer) }
  },
  afterIdle(ms, call) {
    const timer = setTimeout(call, ms)
    unref(timer)
    return { cancel: () => clearTimeout(timer) }
  },
  every(ms, call) {
    const timer = setInterval(call, ms)
    unref(timer)
    return { cancel: () => clearInterval(timer) }
  },
  random: () => Math.random(),
  secret: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
  connect: null,
}

const functions = ['now', 'monotonic', 'after', 'afterIdle', 'every', 'random', 'secret'] as const

/** @throws TailraceError INVALID_SETTING */
export function surroundingsOf(given: ClientSurroundings | undefined): ClientSurroundings {
  if (given === undefined) return machine
  const missing = functions.find((name) => typeof given?.[name] !== 'function')
  if (missing === undefined) return given
  throw new TailraceError('INVALID_SETTING', `surroundings: they have no function ${missing}.`)
}

/** Browsers do not need it. */
function unref(timer: ReturnType<typeof setTimeout>): void {
  if (typeof timer === 'object') (timer as { unref?: () => void }).unref?.()
}
