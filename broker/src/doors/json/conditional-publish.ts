import type { BrokerId, Offset, PartitionNumber } from '@tailrace/schemas'
import { Compression, readTokenText, TailraceError } from '@tailrace/schemas'
import type { PublishCondition, PublishResult } from '../../partition/requests.ts'
import { gatherBatches, nameInList, type Spread } from './batches.ts'
import { type ProducerSlots, takeSequences } from './producer-slots.ts'
import { type RecordInput, recordsFromJson } from './record.ts'
import { type Destination, type SendingDeps, sendUntilKnown } from './sending.ts'

/** Records of one partition that are written together, or not at all; none: the fence of the condition is accepted. */
export interface ConditionalRecords {
  readonly partition: PartitionNumber
  readonly condition: PublishCondition
  readonly records: readonly RecordInput[]
  /** As of `Spread`. */
  readonly nameOf?: ((index: number) => string) | undefined
}

/** The place of such records. */
export interface ConditionalPlace {
  readonly partition: PartitionNumber
  /** Of the first record. */
  readonly offset: Offset
  /** Where the partition ends behind them: what the next publish of the same writer expects. */
  readonly endOffset: Offset
  /** Of the entry, and the brokers that hold it; left out where the leader cannot tell any more. */
  readonly token?: string
  readonly holders?: readonly BrokerId[]
}

export function placeOf(
  partition: PartitionNumber,
  { baseOffset: offset, lastOffset, token, holders = [] }: PublishResult,
): ConditionalPlace {
  const place = { partition, offset, endOffset: lastOffset + 1 }
  return token === undefined ? place : { ...place, token: readTokenText(token), holders }
}

/** As JSON gives a condition: each of the two may be left out, not both. */
interface GivenCondition {
  readonly expectedOffset?: unknown
  readonly fence?: unknown
}

/** @throws TailraceError INVALID_REQUEST that names the field */
export function conditionFromJson({ expectedOffset, fence }: GivenCondition): PublishCondition {
  if (expectedOffset === undefined && fence === undefined) {
    throw new TailraceError('INVALID_REQUEST', 'A condition has expectedOffset, fence or both.')
  }
  return {
    ...(expectedOffset !== undefined && { expectedOffset: countOf(expectedOffset, 'expectedOffset') }),
    ...(fence !== undefined && { fence: countOf(fence, 'fence') }),
  }
}

/** With a fence `records` may be empty or left out. @throws TailraceError INVALID_RECORD, INVALID_REQUEST */
export function conditionalRecords(
  partition: PartitionNumber,
  condition: PublishCondition,
  records: unknown,
): ConditionalRecords {
  const isNone = records === undefined || (Array.isArray(records) && records.length === 0)
  if (isNone && condition.fence !== undefined) return { partition, condition, records: [] }
  const all = recordsFromJson(records).map((record, at) => ofPartition(record, partition, nameInList, at))
  return { partition, condition, records: all }
}

/** `nameOf`: as of `Spread`. @throws TailraceError INVALID_RECORD: it is for another partition */
export function ofPartition(
  record: RecordInput,
  partition: PartitionNumber,
  nameOf: (index: number) => string,
  index: number,
): RecordInput {
  if (record.partition === null || record.partition === partition) return { ...record, partition }
  throw new TailraceError('INVALID_RECORD', `${nameOf(index)}.partition is another one than ${partition}.`)
}

/** @throws TailraceError (rejects with) BATCH_TOO_LARGE: they do not fit into one batch */
export async function publishConditionally(
  deps: SendingDeps & { readonly slots: ProducerSlots },
  destination: Destination,
  records: readonly RecordInput[],
  spread: Spread,
): Promise<PublishResult> {
  const [group] = gatherBatches(records, spread)
  if (group === undefined) return sendUntilKnown(deps, destination, new Uint8Array(0))
  const [batch] = group.batches
  if (group.batches.length > 1) {
    throw new TailraceError('BATCH_TOO_LARGE', `Records under one condition are one batch of ${spread.maxBatchBytes}.`)
  }
  const { slots } = deps
  const slot = await slots.borrow(destination.deadline)
  const { producerId, epoch: producerEpoch, sequences } = slot
  const key = `${destination.id}/${destination.partition}`
  const baseSequence = takeSequences(slot, key, records.length)
  const bytes = batch!.writer.finish({ producerId, producerEpoch, baseSequence, compression: Compression.none })
  try {
    const result = await sendUntilKnown(deps, destination, bytes)
    slots.giveBack(slot)
    return result
  } catch (error) {
    if (isRefusal(error)) {
      // No log has the batch nor will have it, so the next one continues with its sequence.
      sequences.set(key, baseSequence)
      slots.giveBack(slot)
    }
    throw error
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof TailraceError && (error.code === 'WRONG_EXPECTED_OFFSET' || error.code === 'FENCED')
}

function countOf(value: unknown, field: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new TailraceError('INVALID_REQUEST', `${field} must be a whole number from 0 on.`)
}
