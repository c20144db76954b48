import { crc32c, EntryKind, type Frame, type MessageName } from '@tailrace/schemas'
import { describe, expect, test } from 'vitest'
import { sampleMessages } from '../../../../schemas/src/testing/sample-messages.ts'
import type { PeerHandlers } from '../../partition/peers.ts'
import type { RaftMessage } from '../../raft/messages.ts'
import { RaftReceiver } from './raft-receiver.ts'
import { noStats } from './stats.ts'

const names = [
  'Append',
  'AppendReply',
  'Vote',
  'VoteReply',
  'Heartbeats',
  'HeartbeatReplies',
  'Snapshot',
  'TimeoutNow',
] as const
type RaftName = (typeof names)[number]

/** The place of a number in the fields of a message. */
type Path = readonly (string | number)[]

/**
 * Ticks of its sender, which come back to it; and fields that must equal those of the batches, or the message is
 * dropped.
 */
const unbounded = new Set(['sentAt', 'baseOffset', 'lastOffset', 'bytes'])

function numbersIn(value: unknown, path: Path = []): Path[] {
  if (typeof value === 'number') return unbounded.has(String(path.at(-1))) ? [] : [path]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, [...path, key]))
}

function isTermAt(path: Path): boolean {
  return /term$/i.test(String(path.at(-1)))
}

/**
 * The sample of a message with another number in one place; of Append without its batches, unless the place is in an
 * entry.
 */
function frameWith(name: RaftName, path: Path, number: number): Frame {
  const fields = structuredClone(sampleMessages[name]) as Record<string, unknown>
  if (name === 'Append' && path[0] !== 'entries') fields.entries = []
  let holder = fields
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string, unknown>
  holder[String(path.at(-1))] = number
  return { name, fields, body: new Uint8Array(0) } as unknown as Frame
}

function receiver(accepts: PeerHandlers['accepts'] = () => true) {
  const heard: { group: number; message: RaftMessage }[] = []
  const stats = noStats()
  const raft: PeerHandlers['raft'] = (group, message) => void heard.push({ group, message })
  const handlers = { accepts, raft } as unknown as PeerHandlers
  return { heard, stats, receiver: new RaftReceiver(2, 1, handlers, crc32c, stats) }
}

const refused = names.flatMap((name) =>
  numbersIn(sampleMessages[name]).flatMap((path): [RaftName, string, number, Path][] => {
    const numbers = isTermAt(path) ? [-1, 2 ** 31, 1.5] : [-1]
    if (path.at(-1) === 'kind') numbers.push(Math.max(...Object.values(EntryKind)) + 1)
    return numbers.map((number) => [name, path.join('.'), number, path])
  }),
)

test('the numbers of all messages are looked at', () => {
  expect(refused.length).toBeGreaterThan(60)
})

test.each(refused)('%s with %s = %d is refused', (name, _text, number, path) => {
  const { heard, receiver: one } = receiver()
  const before = path[0] === 'beats' ? Number(path[1]) : 0
  expect(() => one.receive(frameWith(name, path, number))).toThrow(expect.objectContaining({ code: 'MALFORMED_FRAME' }))
  // The message before it in the same frame is sound.
  expect(heard).toHaveLength(before)
})

describe.each(names)('%s', (name) => {
  test('is taken with 0 in each place, from the one end of the connection to the other', () => {
    for (const path of numbersIn(sampleMessages[name]).filter(([first]) => first !== 'entries')) {
      const { heard, receiver: one } = receiver()
      expect(one.receive(frameWith(name, path, 0))).toBe(true)
      expect(heard.length, path.join('.')).toBeGreaterThan(0)
      for (const { message } of heard) expect(message).toMatchObject({ from: 2, to: 1 })
    }
  })

  test('of a group whose sender is no member is counted, with any content', () => {
    const { heard, stats, receiver: one } = receiver(() => false)
    const place = name.startsWith('Heartbeat') ? ['beats', 0, 'term'] : ['term']
    expect(one.receive(frameWith(name, place, -1))).toBe(true)
    const groups = name === 'Heartbeats' ? 2 : 1
    expect([heard, stats.unheard]).toEqual([[], groups])
  })
})

test('a Snapshot must also have a source that is a member', () => {
  const { heard, stats, receiver: one } = receiver((from) => from === 2)
  expect(one.receive(frameWith('Snapshot', ['source'], 4))).toBe(true)
  expect([heard, stats.unheard]).toEqual([[], 1])
  expect(one.receive(frameWith('Snapshot', ['source'], 2))).toBe(true)
  expect(heard).toHaveLength(1)
})

test('other messages are left to other receivers', () => {
  const { heard, receiver: one } = receiver()
  for (const name of Object.keys(sampleMessages) as MessageName[]) {
    const isRaft = (names as readonly string[]).includes(name)
    if (isRaft) continue
    const frame = { name, fields: sampleMessages[name], body: new Uint8Array(0) } as unknown as Frame
    expect(one.receive(frame), name).toBe(false)
  }
  expect(heard).toEqual([])
})
