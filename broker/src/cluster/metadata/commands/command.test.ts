import { BatchWriter } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { decodeCommand, encodeCommand, nameOfUnreadable } from './command.ts'

function batchOf(...values: (string | null)[]): Uint8Array {
  const writer = new BatchWriter()
  for (const value of values) writer.append({ timestamp: 0, key: 'id', value })
  return writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
}

const removed = { type: 'delete-topic', name: 'a' } as const

test('a command comes back as it was, with its id', () => {
  const decoded = decodeCommand(encodeCommand({ id: 'x', command: removed }, 5))
  expect(decoded).toMatchObject({ id: 'x', command: removed })
})

test.each([
  ['of a later version', { ...removed, version: 2 }, '"delete-topic" of version 2'],
  ['without a version', removed, '"delete-topic" of version undefined'],
  ['of a type that this version does not know', { version: 1, type: 'make-coffee' }, '"make-coffee"'],
  ['without a type', { version: 1 }, 'undefined'],
  ['of a long type', { version: 1, type: 'x'.repeat(100) }, `"${'x'.repeat(59)}`],
])('a command %s is unreadable, and is named', (_, value, name) => {
  const batch = batchOf(JSON.stringify(value))
  expect(decodeCommand(batch)).toBeNull()
  expect(nameOfUnreadable(batch)).toBe(name)
})

test.each([
  ['no JSON', batchOf('{')],
  ['null', batchOf('null')],
  ['no value', batchOf(null)],
  ['no batch', new Uint8Array(10)],
])('a batch of %s is no command, and has no name', (_, batch) => {
  expect(decodeCommand(batch)).toBeNull()
  expect(nameOfUnreadable(batch)).toBe('that is no JSON')
})
