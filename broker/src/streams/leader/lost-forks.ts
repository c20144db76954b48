import type { GiveStreamBack, StreamsApi } from '../../api/streams-api.ts'
import { storedJson } from '../../log/store/stored-json.ts'
import type { Clock } from '../../platform/clock.ts'
import { FORKS_LOOK_MS } from '../state/lifetime.ts'
import { rangeOf, storedKeys } from '../state/stored-keys.ts'
import { isForkRecord, type StreamRecord } from '../state/stream-record.ts'
import type { StreamsStore } from '../state/streams-store.ts'

/** Forks of a deleted stream that are asked for at one look. */
const MOST_FORKS_LOOKED_AT = 100

export interface LostForksDeps {
  readonly store: Pick<StreamsStore, 'range' | 'settled'>
  readonly ask: StreamsApi['ask']
  readonly clock: Pick<Clock, 'now'>
}

/** What forks of a stream that are gone without a word, or have never come to be, would have given back. */
export async function* lostForks(
  { store, ask, clock }: LostForksDeps,
  { path, id }: StreamRecord,
): AsyncIterable<GiveStreamBack> {
  const before = clock.now() - FORKS_LOOK_MS
  let left = MOST_FORKS_LOOKED_AT
  await store.settled()
  for await (const [key, value] of store.range(...rangeOf(storedKeys.forksOf(id)))) {
    if (left-- === 0) return
    const fork = storedJson(key, value, isForkRecord)
    if (fork.at > before) continue
    const { exists } = (await ask({ kind: 'exists', path: fork.path, id: fork.id })).result
    if (!exists) yield { kind: 'give-back', path, id, borrower: fork.path, borrowerId: fork.id }
  }
}
