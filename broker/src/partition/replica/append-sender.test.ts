import { type EntryHeader, EntryKind } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import type { EntryRun, GroupLog } from '../../log/log-storage.ts'
import { settled } from '../../platform/testing/clock.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import type { AppendMessage } from '../../raft/messages.ts'
import { AppendSender } from './append-sender.ts'

const BYTES = 100
const entries: EntryHeader[] = [1, 2, 3, 4].map((index) => ({
  index,
  term: 1,
  kind: EntryKind.Records,
  baseOffset: index - 1,
  lastOffset: index - 1,
  bytes: BYTES,
}))
const payloads = entries.map(({ index }) => Uint8Array.of(index))
const append: AppendMessage = {
  type: 'append',
  from: 1,
  to: 2,
  term: 1,
  prevIndex: 0,
  prevTerm: 0,
  commit: 0,
  entries,
}

function runOf(from: number, to: number): EntryRun {
  return { headers: entries.slice(from - 1, to), payloads: payloads.slice(from - 1, to) }
}

/** The messages that a sender sends for one Append when the log answers so. */
async function sent(readEntries: GroupLog['readEntries']): Promise<(readonly Uint8Array[])[]> {
  const found: (readonly Uint8Array[])[] = []
  const peers = {
    sendRaft: (_group: number, _message: unknown, batches: readonly Uint8Array[]) => void found.push(batches),
  }
  new AppendSender(7, () => ({ readEntries }) as GroupLog, peers, silentLogger).send(append)
  await settled()
  return found
}

test('an Append whose batches stand partly in a segment and partly in memory is sent as a whole', async () => {
  // A segment ends, and later entries are in the next one or in memory: one read gives the entries of one place.
  const spread: GroupLog['readEntries'] = (from) => (from <= 2 ? Promise.resolve(runOf(from, 2)) : runOf(from, 4))
  expect(await sent(spread)).toEqual([payloads])
})

test('an Append that the log no longer holds as it was sent is dropped', async () => {
  const truncated: GroupLog['readEntries'] = (from) => Promise.resolve(from <= 2 ? runOf(from, 2) : runOf(1, 0))
  expect(await sent(truncated)).toEqual([])
})
