import { expect, test } from 'vitest'
import { checkOffset, checkPartitionNumber, checkTopicName, isTopicName } from './names.ts'

test.each(['a', 'flights', 'A.b_c-9', '...', 'x'.repeat(249)])('%s may be a topic', (name) => {
  expect(isTopicName(name)).toBe(true)
  checkTopicName(name)
})

test.each(['', '.', '..', 'a b', 'a/b', 'ä', 'a\n', 'x'.repeat(250), 7, null, undefined, ['a']])(
  '%s may not be a topic',
  (name) => {
    expect(isTopicName(name)).toBe(false)
    expect(() => checkTopicName(name)).toThrow(expect.objectContaining({ code: 'INVALID_TOPIC_NAME' }))
  },
)

test('partitions are int32 and offsets safe integers, both from 0', () => {
  for (const partition of [0, 1, 0x7fffffff]) checkPartitionNumber(partition)
  for (const partition of [-1, 0.5, NaN, 2 ** 31, '0', null])
    expect(() => checkPartitionNumber(partition)).toThrow(/no such partition/)
  for (const offset of [0, 2 ** 52]) checkOffset(offset)
  for (const offset of [-1, 0.5, NaN, 2 ** 53, '0', null])
    expect(() => checkOffset(offset)).toThrow(/outside the partition/)
})
