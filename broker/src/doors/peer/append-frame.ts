import {
  baseOffsetAt,
  type EntryFields,
  type EntryHeader,
  EntryKind,
  entryKindAt,
  lastOffsetDeltaAt,
  leaderEpochAt,
  type Message,
  verifyBatch,
} from '@tailrace/schemas'
import type { Crc32c } from '../../platform/checksum.ts'
import type { AppendMessage } from '../../raft/messages.ts'

/** Entries leave without their index: it follows from prevIndex. */
export function appendFields(group: number, message: AppendMessage): Message<'Append'> {
  const { term, prevIndex, prevTerm, commit, entries } = message
  return { group, term, prevIndex, prevTerm, commit, entries: entries as EntryHeader[] }
}

export function appendEntries(fields: Message<'Append'>): EntryHeader[] {
  let index = fields.prevIndex
  return fields.entries.map(({ term, kind, baseOffset, lastOffset, bytes }) => {
    index++
    return { index, term, kind: kind as EntryKind, baseOffset, lastOffset, bytes }
  })
}

/**
 * Cuts the body of an Append into its batches, as views. Undefined if any of them does not match its header: Raft must
 * never take in a batch that differs from the leader's.
 * @throws TailraceError INVALID_BATCH when a batch header cannot even be read
 */
export function appendPayloads(
  entries: readonly EntryFields[],
  body: Uint8Array,
  crc: Crc32c,
): Uint8Array[] | undefined {
  const payloads: Uint8Array[] = []
  let at = 0
  for (const entry of entries) {
    const end = at + entry.bytes
    if (!verifyBatch(body, at, end, crc) || !headerFits(body, at, entry)) return undefined
    payloads.push(body.subarray(at, end))
    at = end
  }
  return at === body.length ? payloads : undefined
}

/** baseOffset and term are not covered by the batch's CRC: only the header guards them. */
function headerFits(body: Uint8Array, at: number, { term, kind, baseOffset, lastOffset }: EntryFields): boolean {
  if (leaderEpochAt(body, at) !== term || baseOffsetAt(body, at) !== baseOffset || entryKindAt(body, at) !== kind)
    return false
  return kind === EntryKind.Records
    ? lastOffset >= baseOffset && lastOffset === baseOffset + lastOffsetDeltaAt(body, at)
    : lastOffset === baseOffset - 1
}
