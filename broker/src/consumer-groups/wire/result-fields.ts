import type { ConsumerGroupResultFields, ConsumerGroupResultName } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type {
  ConsumerGroupProgress,
  ConsumerGroupRequest,
  ConsumerGroupResult,
  ConsumerGroupResultKinds,
  ConsumerGroupResultOf,
} from '../../api/consumer-groups-api.ts'
import { placeKey } from '../state/place-key.ts'
import { areOnce, isNatural } from './field-checks.ts'

const NAMESPACE = 'tailrace.groups.'
const names = {
  beaten: 'Beaten',
  committed: 'Committed',
  altered: 'Altered',
  described: 'Described',
  listed: 'Listed',
} as const satisfies Readonly<Record<ConsumerGroupResult['kind'], ConsumerGroupResultName>>
const kinds: ReadonlyMap<string, string> = new Map(Object.entries(names).map(([kind, name]) => [name, kind]))
const standings: readonly string[] = ['empty', 'stable', 'rebalancing']

/** What a coordinator answers, as it is sent back. */
export function groupResultFields({ kind, ...fields }: ConsumerGroupResult): ConsumerGroupResultFields {
  return { [NAMESPACE + names[kind]]: fields } as unknown as ConsumerGroupResultFields
}

/** @throws TailraceError INCOMPATIBLE_PEER: no version of Tailrace that this one knows answers so */
export function groupResultOf<Request extends ConsumerGroupRequest>(
  asked: Request,
  fields: ConsumerGroupResultFields,
): ConsumerGroupResultOf<Request> {
  const [[full, result] = ['', null]] = Object.entries(fields)
  const kind = kinds.get(full.slice(NAMESPACE.length))
  const wanted: string = resultKinds[asked.kind]
  if (kind === wanted && isResult(fields)) return { kind, ...result } as unknown as ConsumerGroupResultOf<Request>
  throw new TailraceError('INCOMPATIBLE_PEER', `A coordinator does not answer "${asked.kind}" so.`)
}

const resultKinds: ConsumerGroupResultKinds = {
  beat: 'beaten',
  commit: 'committed',
  delay: 'committed',
  describe: 'described',
  list: 'listed',
  alter: 'altered',
}

/** Whether the fields of an answer make sense beyond Avro's types. Texts are only shown. */
export function isResult(fields: ConsumerGroupResultFields): boolean {
  const [[full, result] = ['', null]] = Object.entries(fields)
  if (result === null || !kinds.has(full.slice(NAMESPACE.length)) || !textsAreShort(result)) return false
  const known = { kind: kinds.get(full.slice(NAMESPACE.length)), ...result } as unknown as ConsumerGroupResult
  switch (known.kind) {
    case 'beaten': {
      const { epoch, heartbeatMs, assignment, revoke, due } = known
      const counts = assignment.every(({ partition, token, offset, term }) => {
        return [partition, token, term].every(isNatural) && offset >= -1
      })
      const places = [assignment, revoke].every((list) => areOnce(list.map(placeKey))) && revoke.every(isPlace)
      const later = due.every((one) => isPlace(one) && [one.offset, one.attempt, one.token].every(isNatural))
      const delays = areOnce(due.map((one) => `${placeKey(one)} ${one.offset}`))
      return isNatural(epoch) && isNatural(heartbeatMs) && counts && places && later && delays
    }
    case 'committed':
      return known.fenced.every(isPlace) && areOnce(known.fenced.map(placeKey))
    case 'altered':
      return true
    case 'described': {
      const { state, epoch, members, partitions, delayed } = known
      const counts = members.every((one) => isNatural(one.sessionMs) && isNatural(one.epoch) && isMember(one))
      const progress = partitions.every(isProgress) && areOnce(partitions.map(placeKey))
      return (
        standings.includes(state) && isNatural(epoch) && isNatural(delayed) && counts && progress && areIds(members)
      )
    }
    case 'listed': {
      const { groups } = known
      const counts = groups.every(
        (one) => isNatural(one.members) && isNatural(one.stuck) && one.lag >= -1 && standings.includes(one.state),
      )
      return counts && areOnce(groups.map(({ group }) => group)) && groups.every(({ topics }) => areOnce(topics))
    }
  }
}

function isMember({
  topics,
  patterns,
  stuck,
}: {
  readonly topics: readonly string[]
  readonly patterns: readonly string[]
  readonly stuck: readonly { topic: string; partition: number; offset: number; sinceMs: number }[]
}): boolean {
  const late = stuck.every((one) => [one.partition, one.offset, one.sinceMs].every(isNatural))
  return late && areOnce(topics) && areOnce(patterns) && areOnce(stuck.map((one) => `${one.topic} ${one.partition}`))
}

function isProgress(one: ConsumerGroupProgress): boolean {
  const counts = [one.partition, one.token, one.term, one.committedAt].every(isNatural)
  return counts && [one.offset, one.end, one.lag].every((value) => Number.isSafeInteger(value) && value >= -1)
}

function areIds(members: readonly { readonly id: string }[]): boolean {
  return areOnce(members.map(({ id }) => id))
}

function isPlace({ partition }: { readonly partition: number }): boolean {
  return isNatural(partition)
}

/** Of all fields but what a consumer stored beside its position. */
function textsAreShort(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= 1000
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([key, part]) => {
    return key === 'metadata' ? String(part).length <= 4096 : textsAreShort(part)
  })
}
