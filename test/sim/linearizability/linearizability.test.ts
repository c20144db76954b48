import { describe, expect, it } from 'vitest'
import { contradiction, type Operation } from './linearizability.ts'

const NEVER = Number.POSITIVE_INFINITY

function read(invoked: number, returned: number, value: number): Operation<number> {
  return { name: `read ${value}`, invoked, returned, apply: (state) => (state === value ? state : null) }
}

/** `was` undefined: it was written; else the answer was that the register holds this. */
function cas(invoked: number, returned: number, from: number, to: number, was?: number): Operation<number> {
  const apply = (state: number): number | null => {
    if (was === undefined) return state === from ? to : null
    return state === was && was !== from ? state : null
  }
  return { name: `cas ${from} ${to}`, invoked, returned, apply }
}

const found = (...operations: Operation<number>[]) => contradiction(operations, 0, String)

describe('a history of a register', () => {
  it('is explained where an order is there, whatever the order of the list', () => {
    expect(found()).toBeNull()
    expect(found(cas(0, 10, 0, 1), read(11, 12, 1))).toBeNull()
    expect(found(read(11, 12, 1), cas(0, 10, 0, 1))).toBeNull()
    // Both reads run while the write does: one before it, one behind.
    expect(found(cas(0, 10, 0, 1), read(1, 4, 0), read(5, 6, 1))).toBeNull()
    expect(found(cas(0, 10, 0, 1), cas(0, 10, 0, 2, 1), read(11, 12, 1))).toBeNull()
  })

  it('is refused where a read goes back in time, or two writes follow the same value', () => {
    expect(found(cas(0, 10, 0, 1), read(11, 12, 0))).toMatch(/read 0/)
    expect(found(cas(0, 10, 0, 1), read(1, 4, 1), read(5, 6, 0))).toMatch(/read 0/)
    expect(found(cas(0, 10, 0, 1), cas(0, 10, 0, 2))).toMatch(/after 1 of 2/)
    expect(found(cas(0, 10, 0, 1, 0))).toMatch(/cas/)
    // It is told an end that nobody has written.
    expect(found(cas(0, 10, 0, 1, 7))).toMatch(/cas/)
  })

  it('may have an operation without an answer take effect late, once, or never', () => {
    const lost = cas(0, NEVER, 0, 1)
    expect(found(lost)).toBeNull()
    expect(found(lost, read(100, 101, 0))).toBeNull()
    expect(found(lost, read(100, 101, 0), read(200, 201, 1))).toBeNull()
    expect(found(lost, read(100, 101, 1), read(200, 201, 0))).toMatch(/read 0/)
    expect(found(lost, cas(5, 6, 0, 2), read(10, 11, 1))).not.toBeNull()
    // Not before it was called.
    expect(found(cas(50, NEVER, 0, 1), read(10, 11, 1))).toMatch(/read 1/)
  })

  it('agrees with a search of all orders', () => {
    let state = 1
    const below = (bound: number) => {
      state = (state * 48_271) % 2_147_483_647
      return state % bound
    }
    let explained = 0
    for (let round = 0; round < 400; round++) {
      const operations = Array.from({ length: 4 }, (): Operation<number> => {
        const invoked = below(20)
        const returned = below(5) === 0 ? NEVER : invoked + 1 + below(10)
        if (below(2) === 0) return read(invoked, returned, below(2))
        return below(3) > 0
          ? cas(invoked, returned, below(2), below(2))
          : cas(invoked, returned, below(2), below(2), below(2))
      })
      const isFine = someOrder(operations, 0, Number.NEGATIVE_INFINITY)
      expect(contradiction(operations, 0, String) === null).toBe(isFine)
      if (isFine) explained++
    }
    expect(explained).toBeGreaterThan(40)
    expect(explained).toBeLessThan(360)
  })
})

/** Each order in turn, in which nothing comes before what was answered before it was called. `now`: the last call. */
function someOrder(left: readonly Operation<number>[], state: number, now: number): boolean {
  if (left.every(({ returned }) => returned === NEVER)) return true
  return left.some((operation) => {
    const time = Math.max(now, operation.invoked)
    const next = operation.apply(state)
    const others = left.filter((other) => other !== operation)
    return next !== null && others.every(({ returned }) => returned >= time) && someOrder(others, next, time)
  })
}
