import { type Offset, type PartitionNumber, type Position, TailraceError } from '@tailrace/schemas'
import type { BrokerApi, RoutedTopic } from '../../api/broker-api.ts'
import type { RetryPause } from '../limits/retry-pause.ts'
import type { PartitionEnd, StandingReader } from '../standing/partition-end.ts'
import type { OutOfRange } from './subscription-sink.ts'

/** How far a subscription has come in one partition. */
export interface PartitionReader {
  readonly partition: PartitionNumber
  readonly position: Position
  readonly pause: RetryPause
  /** Next to send; meaningful once the position is resolved. */
  offset: Offset
  highWatermark: Offset
  resolved: boolean
  /** This broker's own replica could not answer the last request. */
  askLeader: boolean
  /** The next request is made under the subscriber's own name. */
  alone: boolean
  /**
   * queued: waits for its turn. busy: a request is in flight. standing: at the end, where one request serves all.
   * pausing: until the next attempt. ended: permanently.
   */
  state: 'queued' | 'busy' | 'standing' | 'pausing' | 'ended'
  /** Credit set aside for the fetch in flight; 0 for one that waits at the end of the log. */
  reserved: number
  /** Where it stands, if it does. */
  end: PartitionEnd | null
  /** Made when it stands for the first time. */
  standing: StandingReader | null
}

function newReader(partition: PartitionNumber, position: Position, pause: RetryPause): PartitionReader {
  const start = {
    offset: 0,
    highWatermark: 0,
    resolved: false,
    askLeader: false,
    alone: false,
    state: 'pausing',
    reserved: 0,
    end: null,
    standing: null,
  } as const
  return { partition, position, pause, ...start }
}

export interface ChosenPositions {
  /** For all partitions, unless `partitions` names some. */
  readonly position: Position
  readonly partitions: readonly { readonly partition: PartitionNumber; readonly position: Position }[]
  /** Partitions that are not named are followed as well, from `position`. Default: only where none is named. */
  readonly others?: boolean
}

/** @throws TailraceError UNKNOWN_PARTITION */
export function chooseReaders(
  { position: forAll, partitions, others = partitions.length === 0 }: ChosenPositions,
  topic: RoutedTopic,
  newPause: () => RetryPause,
): PartitionReader[] {
  const known = new Set(topic.partitions.map(({ partition }) => partition))
  const chosen = new Map<PartitionNumber, Position>()
  for (const { partition, position } of partitions) {
    if (!known.has(partition)) {
      throw new TailraceError('UNKNOWN_PARTITION', `"${topic.name}" has no partition ${partition}.`)
    }
    chosen.set(partition, position)
  }
  if (others) for (const partition of known) if (!chosen.has(partition)) chosen.set(partition, forAll)
  return [...chosen].map(([partition, position]) => newReader(partition, position, newPause()))
}

/** Readers of the partitions that a topic has got behind the first `known`: everything in them is new. */
export function addedReaders(known: number, topic: RoutedTopic, newPause: () => RetryPause): PartitionReader[] {
  const earliest = { kind: 'EARLIEST', value: 0 } as const
  return topic.partitions.slice(known).map(({ partition }) => newReader(partition, earliest, newPause()))
}

export function isSettled(reader: PartitionReader): boolean {
  return reader.resolved || reader.state === 'ended'
}

/** What a subscriber is told of an offset that the partition does not have; undefined: its bounds are not known. */
export async function boundsAround(
  api: Pick<BrokerApi, 'findOffset'>,
  { topic, topicId, partition }: { topic: string; topicId: string; partition: PartitionNumber },
  offset: Offset,
): Promise<OutOfRange | undefined> {
  const earliest = { kind: 'EARLIEST', value: 0 } as const
  try {
    const { logStart, highWatermark } = await api.findOffset(topic, partition, earliest, { topicId })
    return { offset, logStart, highWatermark }
  } catch {
    return undefined
  }
}
