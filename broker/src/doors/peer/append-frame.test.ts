import {
  BatchWriter,
  Compression,
  crc32c,
  type EntryHeader,
  EntryKind,
  encodeFrame,
  type Frame,
  placeBatch,
  termStartBatch,
} from '@tailrace/schemas'
import { expect, test } from 'vitest'
import type { PeerHandlers } from '../../partition/peers.ts'
import type { ByteStream } from '../../platform/network.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import type { AppendMessage, RaftMessage } from '../../raft/messages.ts'
import { FrameChannel } from './frame-channel.ts'
import { defaultPeerLimits } from './limits.ts'
import { encodeRaft } from './raft-frames.ts'
import { RaftReceiver } from './raft-receiver.ts'
import { noStats } from './stats.ts'

function batch(baseOffset: number, term: number, records: number): Uint8Array {
  const writer = new BatchWriter()
  for (let i = 0; i < records; i++) writer.append({ key: `k${i}`, value: `value ${i}`, timestamp: 5 })
  const bytes = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: Compression.none })
  const own = bytes.slice()
  placeBatch(own, 0, baseOffset, term)
  return own
}

/** Three entries after index 41: two batches of records around the start of term 4. */
function appendOfThree(): { message: AppendMessage; payloads: Uint8Array[] } {
  const payloads = [
    batch(100, 3, 2),
    termStartBatch({ term: 4, baseOffset: 102, timestamp: 1, leader: 1 }),
    batch(102, 4, 3),
  ]
  const entry = (index: number, term: number, kind: EntryKind, baseOffset: number, lastOffset: number): EntryHeader => {
    return { index, term, kind, baseOffset, lastOffset, bytes: payloads[index - 42]!.length }
  }
  const entries = [
    entry(42, 3, EntryKind.Records, 100, 101),
    entry(43, 4, EntryKind.TermStart, 102, 101),
    entry(44, 4, EntryKind.Records, 102, 104),
  ]
  const message = { type: 'append', from: 1, to: 2, term: 4, prevIndex: 41, prevTerm: 3, commit: 40, entries } as const
  return { message, payloads }
}

interface Heard {
  group: number
  message: RaftMessage
  payloads: readonly Uint8Array[]
}

/** A channel of broker 2 at the end of a stream from broker 1. */
function receiver() {
  const stream = silentStream()
  const stats = noStats()
  const heard: Heard[] = []
  const handlers = {
    accepts: () => true,
    raft: (group: number, message: RaftMessage, payloads: readonly Uint8Array[]) =>
      heard.push({ group, message, payloads }),
  } as unknown as PeerHandlers
  const raft = new RaftReceiver(1, 2, handlers, crc32c, stats)
  const onFrame = (frame: Frame) => void raft.receive(frame)
  new FrameChannel(
    stream,
    { onFrame, onClose: () => {} },
    {
      limits: defaultPeerLimits,
      stats,
      log: silentLogger,
      clock: new ManualClock(),
    },
  )
  return { stream, stats, heard }
}

function silentStream(): ByteStream {
  const none = () => {}
  return {
    remote: 'test',
    encrypted: false,
    certificate: null,
    onData: none,
    onClose: none,
    onDrain: none,
    write: none,
    queuedBytes: 0,
    pause: none,
    resume: none,
    destroy: none,
  }
}

function bytesOf(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(pieces))
}

test('an Append comes out as it went in, its batches untouched and uncopied on the way out', () => {
  const { message, payloads } = appendOfThree()
  const pieces = encodeRaft(7, message, payloads)
  expect(pieces.slice(1)).toEqual(payloads)
  for (const [i, payload] of payloads.entries()) expect(pieces[i + 1]).toBe(payload)
  const { stream, heard } = receiver()
  stream.onData(bytesOf(pieces))
  expect(heard).toEqual([{ group: 7, message, payloads }])
})

test('two frames survive any cut of the stream into chunks', () => {
  const { message, payloads } = appendOfThree()
  const reply: RaftMessage = {
    type: 'append-reply',
    from: 1,
    to: 2,
    term: 9,
    success: false,
    matchIndex: 0,
    rejectedIndex: 77,
    hintIndex: 70,
    hintTerm: 8,
    admission: 4,
  }
  const bytes = bytesOf([...encodeRaft(7, message, payloads), ...encodeRaft(8, reply, [])])
  const expected = [
    { group: 7, message, payloads },
    { group: 8, message: reply, payloads: [] },
  ]
  for (let cut = 0; cut <= bytes.length; cut++) {
    const { stream, heard } = receiver()
    stream.onData(bytes.slice(0, cut))
    stream.onData(bytes.slice(cut))
    expect(heard).toEqual(expected)
  }
  const { stream, heard } = receiver()
  for (const byte of bytes) stream.onData(Uint8Array.of(byte))
  expect(heard).toEqual(expected)
})

test('every other kind of Raft message comes out as it went in', () => {
  const ends = { from: 1, to: 2, term: 6 }
  const messages: RaftMessage[] = [
    {
      ...ends,
      type: 'append-reply',
      success: true,
      matchIndex: 2 ** 52,
      rejectedIndex: 0,
      hintIndex: 0,
      hintTerm: 0,
      admission: 0,
    },
    { ...ends, type: 'vote', pre: true, transfer: false, lastIndex: 12, lastTerm: 5 },
    { ...ends, type: 'vote', pre: false, transfer: true, lastIndex: 0, lastTerm: 0 },
    { ...ends, type: 'vote-reply', pre: true, granted: false },
    { ...ends, type: 'snapshot', lastIndex: 2 ** 52, lastTerm: 5, source: 3 },
    { ...ends, type: 'timeout-now' },
    { ...ends, type: 'append', prevIndex: 0, prevTerm: 0, entries: [], commit: 0 },
  ]
  for (const message of messages) {
    if (message.type === 'heartbeat' || message.type === 'heartbeat-reply') continue
    const { stream, heard } = receiver()
    stream.onData(bytesOf(encodeRaft(3, message, [])))
    expect(heard).toEqual([{ group: 3, message, payloads: [] }])
  }
})

test('a flipped bit anywhere in the batches keeps the whole message from Raft, and the connection stays up', () => {
  const { message, payloads } = appendOfThree()
  const bytes = bytesOf(encodeRaft(7, message, payloads))
  const bodyBytes = payloads.reduce((sum, payload) => sum + payload.length, 0)
  const { stream, stats, heard } = receiver()
  for (let at = bytes.length - bodyBytes; at < bytes.length; at++) {
    const broken = bytes.slice()
    broken[at]! ^= 1 << (at % 8)
    stream.onData(broken)
  }
  expect(heard).toEqual([])
  expect(stats.corruptAppends).toBe(bodyBytes)
  expect(stats.malformed).toBe(0)
  stream.onData(bytes)
  expect(heard).toHaveLength(1)
})

test.each<[string, (entries: EntryHeader[]) => EntryHeader[]]>([
  ['the term', ([a, b, c]) => [{ ...a!, term: 2 }, b!, c!]],
  ['the base offset', ([a, b, c]) => [a!, b!, { ...c!, baseOffset: 103 }]],
  ['the last offset', ([a, b, c]) => [a!, b!, { ...c!, lastOffset: 105 }]],
  ['the kind', ([a, b, c]) => [a!, { ...b!, kind: EntryKind.Configuration }, c!]],
  ['records as a control entry', ([a, b, c]) => [{ ...a!, kind: EntryKind.TermStart, lastOffset: 99 }, b!, c!]],
  ['the length', ([a, b, c]) => [{ ...a!, bytes: a!.bytes + 1 }, { ...b!, bytes: b!.bytes - 1 }, c!]],
  ['a length of nothing', ([a, b, c]) => [{ ...a!, bytes: 0 }, b!, c!]],
  ['a negative length', ([a, b, c]) => [{ ...a!, bytes: -5 }, b!, c!]],
  ['an entry too few', ([a, b]) => [a!, b!]],
  ['an entry too many', ([a, b, c]) => [a!, b!, c!, c!]],
  ['the order', ([a, b, c]) => [c!, b!, a!]],
])('a header that does not fit its batch keeps the message from Raft: %s', (_, change) => {
  const { message, payloads } = appendOfThree()
  const { stream, stats, heard } = receiver()
  stream.onData(bytesOf(encodeRaft(7, { ...message, entries: change([...message.entries]) }, payloads)))
  expect(heard).toEqual([])
  expect(stats.corruptAppends).toBe(1)
})

test('numbers out of their range close the connection', () => {
  const fields = { group: 1, term: 1, prevIndex: 0, prevTerm: 0, commit: 0, entries: [] }
  for (const wrong of [{ group: -1 }, { term: -1 }, { prevIndex: -1 }, { commit: -2 }]) {
    const { stream, stats, heard } = receiver()
    stream.onData(bytesOf(encodeFrame('Append', { ...fields, ...wrong })))
    expect([heard.length, stats.malformed]).toEqual([0, 1])
  }
})
