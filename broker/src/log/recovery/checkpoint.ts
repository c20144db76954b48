import type { BrokerId, GroupId, LogIndex, Offset, Term } from '@tailrace/schemas'
import { formatTable, newerFormat } from '@tailrace/schemas'
import type { Crc32c } from '../../platform/checksum.ts'
import type { Disk } from '../../platform/disk.ts'
import type { JournalPlace } from '../journal/journal.ts'
import { keepFile } from '../keep-file.ts'
import { LogState } from '../log-state.ts'
import type { Damage } from '../log-storage.ts'
import type { SegmentRecord } from '../segment/segment.ts'
import { damagedFile } from './damaged-file.ts'

/**
 * A group as a checkpoint keeps it: its state after the journal's `place`, and its segments, which hold all entries up
 * to there.
 */
export interface GroupCheckpoint {
  readonly group: GroupId
  readonly incarnation: number
  readonly counter: number
  readonly hardState: readonly [Term, BrokerId]
  readonly prev: readonly [LogIndex, Term, Offset]
  readonly end: readonly [LogIndex, Offset]
  readonly terms: readonly (readonly [Term, LogIndex, Offset])[]
  /** Index and batch in base64. Missing in checkpoints of versions before memberships could change. */
  readonly configurations?: readonly (readonly [LogIndex, string])[]
  readonly damage: Damage | null
  readonly segments: readonly SegmentRecord[]
}

export interface Checkpoint {
  /** Rises with every checkpoint. */
  readonly generation: number
  readonly place: JournalPlace
  readonly nextIncarnation: number
  /** `LogStorage.mayHaveForgotten`; missing: no. */
  readonly mayHaveForgotten?: boolean
  /**
   * Names of the journal's files: one that is missing may have held rounds. Missing in checkpoints of earlier versions.
   */
  readonly files?: readonly string[]
  readonly groups: readonly GroupCheckpoint[]
}

const NAME = 'tailrace-checkpoint-'
const FORMAT = `${NAME}${formatTable.checkpoint.version}`
export const CHECKPOINT_NAMES = ['checkpoint-a', 'checkpoint-b'] as const

/**
 * Writes the checkpoint over the older one of two files, so that a crash leaves the newer. One line of text with format
 * and checksum, then JSON. Durable when it resolves; the journal's files must not be reused before.
 */
export async function writeCheckpoint(disk: Disk, folder: string, checkpoint: Checkpoint, crc: Crc32c): Promise<void> {
  const body = new TextEncoder().encode(JSON.stringify(checkpoint))
  const head = new TextEncoder().encode(`${FORMAT} ${body.length} ${crc(body, 0, body.length)}\n`)
  const file = await disk.open(`${folder}/${CHECKPOINT_NAMES[checkpoint.generation % 2]}`)
  try {
    await file.write([head, body], 0)
    await file.sync()
  } finally {
    await file.close()
  }
  if (checkpoint.generation <= CHECKPOINT_NAMES.length) await disk.syncFolder(folder)
}

/**
 * The newest checkpoint that is whole; null when there has never been one.
 * @throws TailraceError STORAGE_CORRUPT when there has been one and none can be read: term and vote of every group are
 * lost; NEWER_FORMAT
 */
export async function readCheckpoint(disk: Disk, folder: string, crc: Crc32c): Promise<Checkpoint | null> {
  let newest: Checkpoint | null = null
  let unreadable = 0
  for (const name of CHECKPOINT_NAMES) {
    const size = await disk.size(`${folder}/${name}`)
    if (size === null || size === 0) continue
    const found = await readCheckpointFile(disk, `${folder}/${name}`, size, crc)
    if (found === null) unreadable++
    else if (newest === null || found.generation > newest.generation) newest = found
  }
  if (newest !== null) await keepFile(disk, folder, CHECKPOINT_NAMES[newest.generation % 2]!)
  // The very first checkpoint may have been torn: then nothing was ever promised, and there is no second file.
  if (newest === null && unreadable === CHECKPOINT_NAMES.length) {
    throw damagedFile(`${folder}/${CHECKPOINT_NAMES[0]} and ${CHECKPOINT_NAMES[1]}`, 'neither can be read')
  }
  return newest
}

/** Null when the file cannot be read. @throws TailraceError NEWER_FORMAT; DiskError */
export async function readCheckpointFile(
  disk: Disk,
  path: string,
  size: number,
  crc: Crc32c,
): Promise<Checkpoint | null> {
  const file = await disk.open(path)
  try {
    const bytes = new Uint8Array(size)
    const count = await file.read(bytes, 0)
    const lineEnd = bytes.indexOf(10)
    if (lineEnd < 0) return null
    const [format = '', length, checksum] = new TextDecoder().decode(bytes.subarray(0, lineEnd)).split(' ')
    const end = lineEnd + 1 + Number(length)
    if (end <= count) refuseNewerCheckpoint(path, format, Number(checksum), bytes.subarray(lineEnd + 1, end), crc)
    if (format !== FORMAT || end > count || Number(checksum) !== crc(bytes, lineEnd + 1, end)) return null
    return parseCheckpoint(new TextDecoder().decode(bytes.subarray(lineEnd + 1, end)))
  } finally {
    await file.close()
  }
}

/**
 * From version 2 on the checksum covers the name with the version and then the body: so a version that has rotted is
 * none. In every version the first line is name, length and checksum.
 */
function refuseNewerCheckpoint(path: string, name: string, checksum: number, body: Uint8Array, crc: Crc32c): void {
  const version = name.startsWith(NAME) ? Number(name.slice(NAME.length)) : 0
  if (!Number.isSafeInteger(version) || version <= formatTable.checkpoint.version) return
  const covered = Buffer.concat([Buffer.from(name), body])
  if (checksum === crc(covered, 0, covered.length)) throw newerFormat('checkpoint', version, path)
}

/**
 * Null unless it has all fields that recovery relies on: a file that was written wrongly is as lost as one that has
 * rotted.
 */
function parseCheckpoint(text: string): Checkpoint | null {
  let found: Partial<Checkpoint> | null
  try {
    found = JSON.parse(text) as Partial<Checkpoint> | null
  } catch {
    return null
  }
  const { generation, place, nextIncarnation, groups, files = [] } = found ?? {}
  if (typeof place?.file !== 'string' || !Number.isSafeInteger(place.base) || !areNames(files)) return null
  if (![generation, nextIncarnation, place?.sequence, place?.epoch].every(Number.isSafeInteger)) return null
  return Array.isArray(groups) && groups.every(isGroup) ? (found as Checkpoint) : null
}

/** Null when the text is not a group's. */
export function parseGroup(text: string): GroupCheckpoint | null {
  try {
    const found = JSON.parse(text) as GroupCheckpoint
    return isGroup(found) ? found : null
  } catch {
    return null
  }
}

function areNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === 'string')
}

function isDamage(value: unknown): boolean {
  const { fromIndex, reason } = (value ?? {}) as Partial<Damage>
  return value === null || (Number.isSafeInteger(fromIndex) && typeof reason === 'string')
}

function isGroup(value: Partial<GroupCheckpoint> | null): boolean {
  if (value === null || typeof value !== 'object') return false
  const { group, incarnation, counter, hardState, prev, end, terms, configurations = [], segments, damage } = value
  const lists = [hardState, prev, end, terms, configurations, segments]
  if (!lists.every(Array.isArray) || !isDamage(damage)) return false
  if (![...terms!, ...segments!, ...configurations].every(Array.isArray)) return false
  const numbers = [group, incarnation, counter, ...hardState!, ...prev!, ...end!, ...terms!.flat()]
  if (!numbers.every(Number.isSafeInteger) || !segments!.every(isSegment)) return false
  return configurations.every(([index, batch]) => Number.isSafeInteger(index) && typeof batch === 'string')
}

/** Reads of the files take lengths from it. */
function isSegment(record: SegmentRecord): boolean {
  const [baseIndex, baseOffset, bytes, lastIndex, endOffset, youngest, sealed, places, checksum, time = 0] = record
  const counts = [baseIndex, baseOffset, bytes, lastIndex, endOffset, sealed, places, checksum]
  return counts.every((count) => Number.isSafeInteger(count) && count >= 0) && [youngest, time].every(Number.isFinite)
}

export function stateOf(record: GroupCheckpoint): LogState {
  const state = new LogState()
  state.hardState = { term: record.hardState[0], votedFor: record.hardState[1] }
  state.prevIndex = record.prev[0]
  state.prevTerm = record.prev[1]
  state.startOffset = record.prev[2]
  state.lastIndex = record.end[0]
  state.endOffset = record.end[1]
  state.terms = record.terms.map(([term, index, offset]) => ({ term, index, offset }))
  state.configurations = (record.configurations ?? []).map(([index, text]) => ({
    index,
    batch: Buffer.from(text, 'base64'),
  }))
  return state
}

/** The part of a group's checkpoint that comes from its state; the segments are added when they are synced. */
export function describeState(
  state: LogState,
): Pick<GroupCheckpoint, 'hardState' | 'prev' | 'end' | 'terms' | 'configurations'> {
  return {
    hardState: [state.hardState.term, state.hardState.votedFor],
    prev: [state.prevIndex, state.prevTerm, state.startOffset],
    end: [state.lastIndex, state.endOffset],
    terms: state.terms.map(({ term, index, offset }) => [term, index, offset] as const),
    configurations: state.configurations.map(
      ({ index, batch }) => [index, Buffer.from(batch).toString('base64')] as const,
    ),
  }
}
