import { TailraceError } from '@tailrace/schemas'

/**
 * Stops the group: a rule that Raft's safety rests on does not hold, so going on could lose acknowledged data.
 * Callers test the condition themselves, so that no message is built on the hot path.
 */
export function broken(rule: string): never {
  throw new TailraceError('INTERNAL', `Raft invariant broken: ${rule}`)
}
