import { Client, retryBackoff } from '@tailrace/client'
import type { Message, Offset, PartitionNumber, ProducerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { fenceOf } from '../../partition/publish-condition.ts'
import type { Clock } from '../../platform/clock.ts'
import { pause } from '../../platform/timing/pause.ts'

/** A partition of the topic with this id: another topic that gets the name meanwhile is refused. */
export interface Place {
  readonly topic: string
  readonly topicId: string
  readonly partition: PartitionNumber
}

/** The records of a cluster, batch by batch. All methods reject with TailraceError. */
export interface ClusterRecords {
  /**
   * Where the partition begins, the end of all that was acknowledged before this was asked, and the highest fencing
   * token, if there is one.
   */
  ends(place: Place): Promise<{ readonly logStart: Offset; readonly end: Offset; readonly fence?: number }>
  /**
   * Whole committed batches from the one that holds the offset, as its leader has them: `mostBytes`, default 4 MiB, but
   * one batch at least.
   */
  read(place: Place, offset: Offset, mostBytes?: number): Promise<Uint8Array>
  newProducer(): Promise<{ readonly producerId: ProducerId; readonly epoch: number }>
  /** Written once, however often it is tried. */
  publish(place: Place, batch: Uint8Array): Promise<{ readonly baseOffset: Offset }>
  /** Has the partition accept the token. */
  fence(place: Place, token: number): Promise<void>
  close(): void
}

const REQUEST_MS = 15_000
/** Longer than an election, and than the restart of a broker. */
const PATIENCE_MS = 60_000
const READ_BYTES = 4 << 20

export function clusterRecords(
  options: ConstructorParameters<typeof Client>[0],
  clock: Clock,
  signal: AbortSignal,
): ClusterRecords {
  const client = new Client(options)
  const ask = <Name extends 'Fetch' | 'FindOffset' | 'Publish' | 'PublishIf'>(
    name: Name,
    place: Place,
    fields: Omit<Message<Name>, 'correlation'>,
    body: Uint8Array[] = [],
  ) =>
    untilAnswered(clock, signal, async () => {
      try {
        const { connection } = await client.route(place.topic, place.partition)
        return await connection.request(name, fields as never, { timeoutMs: REQUEST_MS, body, signal })
      } catch (error) {
        if (TailraceError.from(error).retriable) await client.refresh([place.topic]).catch(() => {})
        throw error
      }
    })
  return {
    async ends(place) {
      const position = { kind: 'LATEST', value: 0 } as const
      const { fields } = await ask('FindOffset', place, { ...place, position, linearizable: true })
      return { logStart: fields.logStart, end: fields.highWatermark, ...fenceOf(fields) }
    },
    async read(place, offset, mostBytes = READ_BYTES) {
      const asked = { ...place, offset, maxBytes: mostBytes, waitMs: 0, linearizable: true }
      const { body } = await ask('Fetch', place, asked)
      return body
    },
    async newProducer() {
      const { fields } = await client.call('InitProducer', {}, { timeoutMs: PATIENCE_MS, signal })
      return { producerId: fields.producerId, epoch: fields.epoch }
    },
    async publish(place, batch) {
      const { fields } = await ask('Publish', place, { ...place, timeoutMs: REQUEST_MS }, [batch])
      return { baseOffset: fields.baseOffset }
    },
    async fence(place, token) {
      await ask('PublishIf', place, { ...place, timeoutMs: REQUEST_MS, expectedOffset: -1, fence: token })
    },
    close: () => client.close(),
  }
}

/** Errors that pass are waited out. */
async function untilAnswered<Answer>(
  clock: Clock,
  signal: AbortSignal,
  attempt: () => Promise<Answer>,
): Promise<Answer> {
  const end = clock.monotonic() + PATIENCE_MS
  const backoff = retryBackoff()
  for (;;) {
    signal.throwIfAborted()
    try {
      return await attempt()
    } catch (error) {
      const known = TailraceError.from(error)
      if (!known.retriable || clock.monotonic() >= end) throw known
      await pause(clock, Math.max(backoff.next(), known.retryAfterMs ?? 0), signal)
    }
  }
}
