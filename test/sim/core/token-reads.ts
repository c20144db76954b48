import type { LogIndex, Term } from '@tailrace/schemas'
import type { SimRandom } from '../../../testing/src/simulation/sim-random.ts'
import { EventKind, type Note } from './event-kind.ts'
import { type Invariants, Violation } from './invariants.ts'
import type { SimBroker } from './sim-broker.ts'

/** The services that readers need of the world. */
interface Scene {
  readonly brokers: readonly SimBroker[]
  readonly acks: readonly { readonly value: number; readonly index: LogIndex; readonly term: Term }[]
  readonly invariants: Invariants
  tokenReads: number
}

/**
 * M95: a token is served where its entry is, and nowhere else; a token of a discarded entry is not served where another
 * took its place.
 */
export function readWithToken(random: SimRandom, world: Scene, note: Note): void {
  const { brokers, acks, invariants } = world
  const broker = random.pick(brokers)
  if (broker.core === null || acks.length === 0) return
  const { log, durable, prevIndex } = broker
  if (random.chance(0.3)) {
    const index = Math.max(1, log.length - random.below(5))
    const seen = invariants.seenAt(index, (count) => random.below(count))
    if (seen === null || index <= prevIndex || log[index - 1]?.header.term === seen.term) return
    noteToken(note, broker, seen.term, index)
    if (!broker.serves(seen.term, index)) return
    throw new Violation('token-read', `broker ${broker.id} takes (${seen.term}, ${index}) for its own entry`)
  }
  const { term, index, value } = acks[Math.max(0, acks.length - 1 - random.below(20))]!
  noteToken(note, broker, term, index)
  const has = durable[index - 1]?.value === value && durable[index - 1]?.header.term === term
  const isLeader = broker.isLeader
  const served = broker.serves(term, index)
  if (served) world.tokenReads++
  if (served && (broker.commitIndex < index || log[index - 1]?.value !== value))
    throw new Violation('token-read', `broker ${broker.id} serves (${term}, ${index}) without having it`)
  if (!served && has && !isLeader)
    throw new Violation('token-read', `broker ${broker.id} has (${term}, ${index}) and refuses it`)
}

function noteToken(note: Note, { id }: SimBroker, term: Term, index: LogIndex): void {
  note(EventKind.TokenRead, id, term, index, () => `a reader with token (${term}, ${index}) asks broker ${id}`)
}
