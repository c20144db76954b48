/** Notes uses of the machine's clocks, timers and random numbers by code of this repository. */
export interface TrappedGlobals {
  /** The name and the place of each use. */
  uses(): string[]
  restore(): void
}

const ours = /\/(client|producer|consumer|schemas|broker|testing)\/src\/[^\s)]+/

export function trapGlobals(): TrappedGlobals {
  const found = new Set<string>()
  const trap = (of: object, owner: string, name: string): (() => void) => {
    const real = Reflect.get(of, name) as (...given: unknown[]) => unknown
    const before = Object.getOwnPropertyDescriptor(of, name)
    const value = function (this: unknown, ...given: unknown[]): unknown {
      const caller = new Error().stack!.split('\n')[2] ?? ''
      const place = ours.exec(caller)
      if (place !== null && !caller.includes('node_modules')) found.add(`${owner}${name} at ${place[0]}`)
      return new.target === undefined
        ? real.apply(this === undefined ? of : this, given)
        : Reflect.construct(real, given)
    }
    Object.defineProperty(of, name, { value: Object.assign(value, real), configurable: true, writable: true })
    return () => (before === undefined ? Reflect.deleteProperty(of, name) : Object.defineProperty(of, name, before))
  }
  const undo = [
    ...['setTimeout', 'setInterval', 'setImmediate'].map((name) => trap(globalThis, '', name)),
    trap(Date, 'Date.', 'now'),
    trap(Math, 'Math.', 'random'),
    trap(performance, 'performance.', 'now'),
    trap(AbortSignal, 'AbortSignal.', 'timeout'),
    ...['randomUUID', 'getRandomValues'].map((name) => trap(crypto, 'crypto.', name)),
    trap(process, 'process.', 'hrtime'),
  ]
  return {
    uses: () => [...found].sort(),
    restore: () => {
      for (const back of undo) back()
    },
  }
}
