import type {
  ConsumerGroup,
  ConsumerGroupMember,
  ConsumerGroupProgress,
  MovedPosition,
  StuckRecord,
} from '../api/consumer-group-answers.ts'
import { count } from '../format.ts'

export function consumerGroupLink(group: string): string {
  return `#/consumer-groups/${encodeURIComponent(group)}`
}

/** The path of the API. */
export function consumerGroupPath(group: string, rest = ''): string {
  return `/consumer-groups/${encodeURIComponent(group)}${rest}`
}

/** "?": not known, since the end of a partition is not. */
export function lagText(lag: number): string {
  return lag < 0 ? '?' : count(lag)
}

/** Records behind all committed positions; -1: not known of one of them. */
export function lagOfGroup({ partitions }: Pick<ConsumerGroup, 'partitions'>): number {
  const lags = partitions.filter(({ offset }) => offset >= 0).map(({ lag }) => lag)
  return lags.some((lag) => lag < 0) ? -1 : lags.reduce((sum, lag) => sum + lag, 0)
}

export interface PartitionRow extends ConsumerGroupProgress {
  /** Null: nobody has it. */
  readonly holder: ConsumerGroupMember | null
  /** The record that its handler holds longer than it should; null: none. */
  readonly stuck: StuckRecord | null
}

/** Each partition with who has it, and the record at which that member is stuck. */
export function partitionRows({ members, partitions }: Pick<ConsumerGroup, 'members' | 'partitions'>): PartitionRow[] {
  const byId = new Map(members.map((member) => [member.id, member]))
  // A member that has given a partition up because of it tells of its record as well.
  const held = new Map(members.flatMap(({ id, stuck }) => stuck.map((one) => [placeOf(id, one), one] as const)))
  return partitions.map((partition) => {
    const holder = byId.get(partition.member) ?? null
    return { ...partition, holder, stuck: held.get(placeOf(partition.member, partition)) ?? null }
  })
}

function placeOf(member: string, { topic, partition }: Pick<StuckRecord, 'topic' | 'partition'>): string {
  return `${member} ${topic}/${partition}`
}

/** The partitions that each member has, by its id: `flights 0–3, 7; orders 1`. */
export function leasesByMember(partitions: readonly ConsumerGroupProgress[]): ReadonlyMap<string, string> {
  const all = new Map<string, Map<string, number[]>>()
  for (const { member, topic, partition } of partitions) {
    if (member === '') continue
    const topics = all.get(member) ?? new Map<string, number[]>()
    topics.set(topic, [...(topics.get(topic) ?? []), partition])
    all.set(member, topics)
  }
  const text = (topics: ReadonlyMap<string, number[]>): string =>
    [...topics].map(([topic, numbers]) => `${topic} ${rangesText(numbers)}`).join('; ')
  return new Map([...all].map(([member, topics]) => [member, text(topics)]))
}

/** `0–3, 7`. */
export function rangesText(numbers: readonly number[]): string {
  const ranges: [number, number][] = []
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === number - 1) last[1] = number
    else ranges.push([number, number])
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ')
}

/** How people tell a member from others: its instance, else its client id, else its id. */
export function memberName({ id, instance, clientId }: Pick<ConsumerGroupMember, 'id' | 'instance' | 'clientId'>) {
  return instance || clientId || id
}

/** What a move of a position means for its records. */
export function moveText({ from, offset }: MovedPosition): string {
  if (from < 0) return 'its first position'
  if (offset === from) return 'stays'
  return offset < from ? `${count(from - offset)} come again` : `${count(offset - from)} are skipped`
}
