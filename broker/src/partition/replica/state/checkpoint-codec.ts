import { formatTable, type LogIndex, newerFormat, type Offset, VarintReader, writeVarlong } from '@tailrace/schemas'
import { hasFields, isWhole } from '../../../log/store/stored-json.ts'
import type { Crc32c } from '../../../platform/checksum.ts'
import { NO_FENCE } from './fence.ts'
import type { ProducerBatch, ProducerState } from './producer-table.ts'

/** The state that a replica keeps of its committed prefix, so that a restart reads only later entries (M36, M42). */
export interface Checkpoint {
  readonly commitIndex: LogIndex
  readonly highWatermark: Offset
  /**
   * The producers and the fence are as of this index: commitIndex, or above it where a copied log ends before the state
   * that came with it.
   */
  readonly producersIndex: LogIndex
  /** In the order of their last append. */
  readonly producers: readonly (readonly [number, ProducerState])[]
  /** The highest fencing token that was accepted; NO_FENCE: none. */
  readonly fence: number
  /** Records before it are deleted; 0: none are. */
  readonly deletedBefore: Offset
}

/**
 * Binary form: `TRCP`, version byte, CRC-32C of all that follows (big-endian), then varlongs: commit index, high
 * watermark, index of the producers, number of producers, and for each its id, epoch, number of batches, and for each
 * batch its first sequence, records, distance to the index of the producers, base offset. Some 30 bytes a producer; as
 * JSON it was 600, and 50 ms of a core for 10,000 of them. Behind them the fence, where there is one or the next is
 * there (NO_FENCE: none), and the offset before which records are deleted, if there is one: brokers from before these
 * read no further than the producers, and take no part in a cluster that has them (feature level 3).
 */
const MAGIC = [0x54, 0x52, 0x43, 0x50]
const VERSION = formatTable.producerCheckpoint.version
const CRC_AT = 5
const FIELDS_AT = 9
const MAX_NUMBER_BYTES = 10
/** Encoded without a pause: about a millisecond. */
export const STEP_PRODUCERS = 1_000
/** The form before it, JSON: begins with a brace. */
const OLD_VERSION = 1
const BRACE = 0x7b

export function encodeCheckpoint(checkpoint: Checkpoint, crc32c: Crc32c): Uint8Array {
  const steps = encodeInSteps(checkpoint, crc32c)
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/** The same with a pause after each thousand producers. Nothing of a checkpoint changes in the meantime. */
export function* encodeInSteps(checkpoint: Checkpoint, crc32c: Crc32c): Generator<undefined, Uint8Array> {
  const { commitIndex, highWatermark, producersIndex, producers, fence, deletedBefore } = checkpoint
  const batches = producers.reduce((sum, [, state]) => sum + state.batches.length, 0)
  const bytes = new Uint8Array(FIELDS_AT + MAX_NUMBER_BYTES * (6 + producers.length * 3 + batches * 4))
  let at = FIELDS_AT
  const put = (value: number): void => {
    at = writeVarlong(bytes, at, value)
  }
  put(commitIndex)
  put(highWatermark)
  put(producersIndex)
  put(producers.length)
  for (const [place, [id, state]] of producers.entries()) {
    if (place > 0 && place % STEP_PRODUCERS === 0) yield
    put(id)
    put(state.epoch)
    put(state.batches.length)
    for (const batch of state.batches) {
      put(batch.baseSequence)
      put(batch.records)
      put(producersIndex - batch.index)
      put(batch.baseOffset)
    }
  }
  if (fence !== NO_FENCE || deletedBefore > 0) put(fence)
  if (deletedBefore > 0) put(deletedBefore)
  bytes.set(MAGIC)
  bytes[MAGIC.length] = VERSION
  new DataView(bytes.buffer).setUint32(CRC_AT, crc32c(bytes, FIELDS_AT, at))
  return bytes.slice(0, at)
}

/**
 * Null for what is damaged. From version 3 on the checksum, where it stands here, covers the version too: magic and
 * version, then all that follows it.
 * @throws TailraceError NEWER_FORMAT
 */
export function decodeCheckpoint(bytes: Uint8Array, crc32c: Crc32c): Checkpoint | null {
  if (bytes[0] === BRACE) return decodeJson(bytes)
  if (bytes.length < FIELDS_AT || !MAGIC.every((byte, at) => bytes[at] === byte)) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  refuseNewerCheckpoint(bytes, view.getUint32(CRC_AT), crc32c)
  if (bytes[MAGIC.length] !== VERSION || view.getUint32(CRC_AT) !== crc32c(bytes, FIELDS_AT, bytes.length)) return null
  try {
    return readFields(new VarintReader(bytes, FIELDS_AT, bytes.length))
  } catch {
    // Its checksum is right, so it was written wrongly.
    return null
  }
}

function readFields(reader: VarintReader): Checkpoint {
  const commitIndex = reader.varlong()
  const highWatermark = reader.varlong()
  const producersIndex = reader.varlong()
  const producers: [number, ProducerState][] = []
  for (let left = reader.varlong(); left > 0; left -= 1) {
    const producerId = reader.varlong()
    const epoch = reader.varlong()
    const batches: ProducerBatch[] = []
    for (let more = reader.varlong(); more > 0; more -= 1) {
      const baseSequence = reader.varlong()
      const records = reader.varlong()
      const index = producersIndex - reader.varlong()
      batches.push({ producerId, epoch, baseSequence, records, index, baseOffset: reader.varlong() })
    }
    producers.push([producerId, { epoch, batches }])
  }
  const fence = reader.at < reader.end ? reader.varlong() : NO_FENCE
  const deletedBefore = reader.at < reader.end ? reader.varlong() : 0
  return { commitIndex, highWatermark, producersIndex, producers, fence, deletedBefore }
}

function refuseNewerCheckpoint(bytes: Uint8Array, checksum: number, crc32c: Crc32c): void {
  const version = bytes[MAGIC.length]!
  if (version <= VERSION) return
  const covered = Buffer.concat([bytes.subarray(0, CRC_AT), bytes.subarray(FIELDS_AT)])
  if (checksum === crc32c(covered, 0, covered.length)) throw newerFormat('producerCheckpoint', version)
}

function decodeJson(bytes: Uint8Array): Checkpoint | null {
  try {
    const old = JSON.parse(new TextDecoder().decode(bytes)) as { version: number } & Omit<
      Checkpoint,
      'producersIndex' | 'fence' | 'deletedBefore'
    >
    const { version, commitIndex, highWatermark, producers } = old
    if (version !== OLD_VERSION || ![commitIndex, highWatermark].every(isWhole)) return null
    if (!Array.isArray(producers) || !producers.every(isOldProducer)) return null
    return { commitIndex, highWatermark, producersIndex: commitIndex, producers, fence: NO_FENCE, deletedBefore: 0 }
  } catch {
    return null
  }
}

function isOldProducer(value: unknown): boolean {
  const [id, state] = Array.isArray(value) ? value : []
  const isBatch = (batch: unknown): boolean =>
    hasFields(batch, { baseSequence: isWhole, records: isWhole, index: isWhole, baseOffset: isWhole })
  return (
    isWhole(id) && hasFields(state, { epoch: isWhole, batches: (list) => Array.isArray(list) && list.every(isBatch) })
  )
}
