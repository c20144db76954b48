import { TailraceError } from '@tailrace/schemas'
import { Violation } from '../core/invariants.ts'

/** The properties that the world of whole brokers checks beside those of the Raft core (../invariants.ts). */
export type BrokerProperty =
  | 'synced-is-kept'
  | 'only-deleted-is-removed'
  | 'replica-broken'
  | 'cut-is-committed'
  | 'kept-as-asked'
  | 'deleted-is-not-served'
  | 'never-beyond-commit'
  | 'never-taken-back'
  | 'gapless-offsets'
  | 'same-bytes-everywhere'
  | 'checksums-hold'
  | 'acknowledged-once-in-order'
  | 'idempotence'
  | 'watermark-monotone'
  | 'stale-lease'
  | 'stale-read'
  | 'minority-loses-nothing'
  | 'as-many-copies'
  | 'live-copies'
  | 'balanced-stays-at-rest'
  | 'broker-cannot-start'
  | 'unhandled-rejection'
  | 'full-disk-left'
  | 'readable-by-all'
  | 'refused-start-touches-nothing'
  | 'security-is-kept'
  | 'committed-only'
  | 'same-bytes-over-levels'
  | 'monotone-over-levels'
  | 'linearizable-conditions'
  | 'one-member-at-a-time'
  | 'tokens-grow'
  | 'positions-stay'
  | 'former-tokens-commit-nothing'
  | 'declined-is-not-given'
  | 'liveness'
  | 'replicas-identical'

/** A property that does not hold: the end of a simulated history. */
export class Finding extends Error {
  override readonly name = 'Finding'
  readonly property: string
  constructor(property: BrokerProperty | Violation['property'], detail: string) {
    super(`${property}: ${detail}`)
    this.property = property
  }
}

/** Violations of the core's properties and its own assertions count; anything else is a mistake of the simulator. */
export function asFinding(error: unknown): Finding {
  if (error instanceof Finding) return error
  if (error instanceof Violation) return new Finding(error.property, error.message.slice(error.property.length + 2))
  if (error instanceof TailraceError) return new Finding('core-assertion', error.message)
  throw error
}
