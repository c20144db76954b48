const SHARE = 1 / 4
const LEAST_MS = 200
const MOST_MS = 500

/**
 * How long a member counts on its leases when the connection that carried its beats has ended, in ms, unless a beat on
 * another one is answered: a quarter of its session, from 200 to 500 ms. The coordinator waits as long, and its margin
 * for clocks, before it gives them to others: so a change of this number needs both sides.
 */
export function disconnectGraceMs(sessionMs: number): number {
  return Math.min(sessionMs, Math.max(LEAST_MS, Math.min(MOST_MS, Math.floor(sessionMs * SHARE))))
}
