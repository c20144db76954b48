import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Sessions } from './sessions.ts'

const SESSIONS = [150, 400, 1000, 2500]
const MARGIN = 1.1
/** A slot of 50 ms, and the time between two looks. */
const MOST_LATE_MS = 50 + 200

const step = fc.record({
  ms: fc.integer({ min: 1, max: 200 }),
  member: fc.nat(5),
  kind: fc.constantFrom('beat', 'beat', 'beat', 'leave', 'nothing'),
})

test('with any beats a member runs out when it was not heard for its session, and soon after that', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const sessions = new Sessions(0)
      const heard = new Map<string, number>()
      let now = 0
      for (const { ms, member, kind } of steps) {
        now += ms
        const of = { group: `g-${member % 2}`, member: `m-${member}` }
        const sessionMs = SESSIONS[member % SESSIONS.length]! * MARGIN
        const out = sessions.ranOut(now)
        for (const { member: gone } of out) {
          const timeout = SESSIONS[Number(gone.slice(2)) % SESSIONS.length]! * MARGIN
          expect(now - heard.get(gone)!).toBeGreaterThanOrEqual(Math.floor(timeout))
          heard.delete(gone)
          sessions.forget({ group: `g-${Number(gone.slice(2)) % 2}`, member: gone })
        }
        for (const [left, at] of heard) {
          const timeout = SESSIONS[Number(left.slice(2)) % SESSIONS.length]! * MARGIN
          expect(now - at, left).toBeLessThan(timeout + MOST_LATE_MS)
        }
        if (kind === 'beat') {
          expect(sessions.heard(of, sessionMs / MARGIN, now)).toBe(true)
          heard.set(of.member, now)
        }
        if (kind === 'leave') {
          sessions.forget(of)
          heard.delete(of.member)
        }
        expect(sessions.size).toBe(heard.size)
      }
    }),
    { numRuns: 300 },
  )
})
