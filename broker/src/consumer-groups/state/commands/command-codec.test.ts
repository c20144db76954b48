import { BatchWriter, Compression, NO_PRODUCER } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { memberOf } from '../testing/consumer-group-commands.ts'
import { decodeConsumerGroupCommands, encodeConsumerGroupCommands, nameOfUnreadable } from './command-codec.ts'
import type { ConsumerGroupCommand } from './consumer-group-command.ts'

const decision = { group: 'billing', at: 1000 }
const place = { topicId: 't-1', partition: 0 }
const position = { topic: 'flights', ...place, offset: 5, term: 1, metadata: '' }
const sound = {
  join: { type: 'join', ...decision, member: memberOf('m-1') },
  leave: { type: 'leave', ...decision, member: 'm-1' },
  release: { type: 'release', ...decision, member: 'm-1', epoch: 3, leases: [{ ...place, token: 4 }] },
  assign: {
    type: 'assign',
    ...decision,
    changedIn: 3,
    members: ['m-1'],
    topics: [{ topic: 'flights', topicId: 't-1', owners: [0, -1] }],
  },
  commit: { type: 'commit', ...decision, member: 'm-1', positions: [{ ...position, token: 4 }] },
  delay: { type: 'delay', ...decision, member: 'm-1', ...place, token: 4, offset: 5, due: 2000, attempt: 1 },
  reset: { type: 'reset', ...decision, positions: [{ ...position, offset: -1 }] },
  remove: { type: 'remove', ...decision, emptyBefore: 10 },
  forget: { type: 'forget', ...decision, topicIds: ['t-1'], committedBefore: 10 },
} as const satisfies Record<string, ConsumerGroupCommand>

function entryOf(...values: unknown[]): Uint8Array {
  const writer = new BatchWriter()
  for (const value of values) {
    writer.append({ timestamp: 1, key: null, value: value === null ? null : JSON.stringify(value) })
  }
  return writer.finish({ producerId: NO_PRODUCER, producerEpoch: -1, baseSequence: -1, compression: Compression.none })
}

test('an entry has many commands', () => {
  const all = Object.values(sound)
  expect(decodeConsumerGroupCommands(encodeConsumerGroupCommands(all))).toMatchObject(all)
})

test.each(Object.values(sound))('of "$type" no field may be missing or of another type', (command) => {
  const read = (changed: object): unknown => decodeConsumerGroupCommands(entryOf({ version: 1, ...changed }))
  expect(read(command)).not.toBeNull()
  for (const name of Object.keys(command)) {
    for (const odd of [null, {}, -2, 1.5, [null], [[]], 'x'.repeat(1001), '\ud800']) {
      expect(read({ ...command, [name]: odd }), `${name}: ${JSON.stringify(odd)}`).toBeNull()
    }
    const { [name as never]: _, ...rest } = command
    if (name !== 'emptyBefore' && name !== 'committedBefore') expect(read(rest), name).toBeNull()
  }
})

test.each([
  ['a member with a slash', { ...sound.leave, member: 'a/b' }],
  ['no group', { ...sound.leave, group: '' }],
  ['a group that is too long', { ...sound.leave, group: 'g'.repeat(256) }],
  [
    'metadata of more than 4 KiB',
    { ...sound.commit, positions: [{ ...position, token: 1, metadata: 'ü'.repeat(2049) }] },
  ],
  ['a commit to a negative offset', { ...sound.commit, positions: [{ ...position, token: 1, offset: -1 }] }],
  ['a session that is too short', { ...sound.join, member: memberOf('m-1', { sessionMs: 1 }) }],
  [
    'a subscription of too many topics',
    { ...sound.join, member: memberOf('m-1', { subscribed: { topics: Array(1001).fill('t'), patterns: [] } }) },
  ],
])('%s is neither written nor read', (_, command) => {
  expect(() => encodeConsumerGroupCommands([sound.leave, command as ConsumerGroupCommand])).toThrow(
    /INVALID|not understood/,
  )
  expect(decodeConsumerGroupCommands(entryOf({ version: 1, ...command }))).toBeNull()
})

test('metadata of 4 KiB and the longest names are taken', () => {
  const long = {
    ...sound.commit,
    group: 'ü'.repeat(255),
    positions: [{ ...position, token: 1, metadata: 'ü'.repeat(2048) }],
  }
  expect(decodeConsumerGroupCommands(encodeConsumerGroupCommands([long]))).toMatchObject([long])
})

test('an entry of which one command cannot be read is not read at all, and is named for people', () => {
  const unreadable: [Uint8Array, string][] = [
    [entryOf({ version: 1, ...sound.leave }, { version: 1, ...sound.leave, type: 'toString' }), '"toString"'],
    [entryOf({ version: 2, ...sound.leave }), '"leave" of version 2'],
    [entryOf({ version: 1, ...sound.leave }, null), 'that is no JSON'],
    [entryOf('text'), 'undefined of version undefined'],
    [Uint8Array.of(1, 2, 3), 'that is no JSON'],
  ]
  for (const [batch, name] of unreadable) {
    expect(decodeConsumerGroupCommands(batch)).toBeNull()
    expect(nameOfUnreadable(batch)).toBe(name)
  }
})
