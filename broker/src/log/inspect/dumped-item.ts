import type { EntryHeader, GroupId, Offset } from '@tailrace/schemas'
import { EntryKind, readControl } from '@tailrace/schemas'

type Value = string | number | boolean | null | readonly Value[]

/** One thing that stands in a file of the log, in the order of the file. */
export interface DumpedItem {
  /** Bytes from the start of the file. */
  readonly position: number
  /** entry, place, group, hard-state, …; damage: bytes that no broker wrote so. */
  readonly kind: string
  readonly fields: Readonly<Record<string, Value | undefined>>
  /** Undefined: it belongs to no group, or the file does not tell. */
  readonly group?: GroupId
  /** After the last record of an entry; undefined: it is none, or cannot be read. */
  readonly endOffset?: Offset
  /** The batch of an entry of records whose checksum is right. */
  readonly batch?: Uint8Array
}

const kindNames = {
  [EntryKind.Records]: 'records',
  [EntryKind.TermStart]: 'term-start',
  [EntryKind.Configuration]: 'configuration',
  [EntryKind.Fence]: 'fence',
  [EntryKind.Deletion]: 'deletion',
} as const

/** The fields of an entry with its batch. `isSound`: the batch matches its checksum. */
export function entryFields(header: EntryHeader, batch: Uint8Array, isSound: boolean): DumpedItem['fields'] {
  const { index, term, kind, baseOffset, lastOffset, bytes } = header
  const entry = { index, term, entry: kindNames[kind], baseOffset }
  const crc = isSound ? 'ok' : 'wrong'
  if (kind === EntryKind.Records) return { ...entry, lastOffset, bytes, crc }
  const { kind: _, ...said } = readControl(batch, 0)
  return { ...entry, bytes, crc, ...said }
}

/** Whether its bytes are not as they were written. */
export function isDamage({ kind, fields }: DumpedItem): boolean {
  return kind === 'damage' || fields.crc === 'wrong'
}

export function damageAt(position: number, problem: string): DumpedItem {
  return { position, kind: 'damage', fields: { problem } }
}
