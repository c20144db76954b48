import type { ConsumerGroupRequestFields } from '@tailrace/schemas'
import { describe, expect, it, test } from 'vitest'
import { sampleGroupRequests } from '../../../../schemas/src/testing/sample-consumer-group-messages.ts'
import { groupRequestFields, groupRequestOf } from './request-fields.ts'

const sample = (request: ConsumerGroupRequestFields) => ({ group: 'billing', member: '0c9e', request })
const [beat, commit, delay, , list, alter] = sampleGroupRequests as readonly object[] as readonly Record<
  string,
  object
>[]

test.each(sampleGroupRequests.map((request) => [Object.keys(request)[0]!, request] as const))(
  '%s is read',
  (_, request) => {
    const asked = groupRequestOf(sample(request))
    expect(groupRequestFields(asked).request).toEqual(request)
  },
)

test('a request that only a newer version knows is refused by its name', () => {
  const later = { 'tailrace.groups.Hibernate': null } as never
  expect(() => groupRequestOf(sample(later))).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_MESSAGE' }))
})

/** A sample with these fields of the request, or of the message. */
function changed(request: Record<string, object>, fields: object, message: object = {}) {
  const [[name, before]] = Object.entries(request) as [[string, object]]
  return { ...sample({ [name]: { ...before, ...fields } } as never), ...message }
}

describe('refused is', () => {
  const place = { topicId: 'e3b0', partition: 3 }
  const [position] = Object.values(commit as { c: { positions: object[] } })[0]!.positions
  it.each<[string, () => object]>([
    ['a group without a name', () => changed(beat!, {}, { group: '' })],
    ['a group whose name has a line end', () => changed(beat!, {}, { group: 'a\nb' })],
    ['a group whose name is too long', () => changed(beat!, {}, { group: 'x'.repeat(256) })],
    ['a member without an id', () => changed(beat!, {}, { member: '' })],
    ['a member whose id is no plain text', () => changed(beat!, {}, { member: 'a/b' })],
    ['an epoch below -3', () => changed(beat!, { epoch: -4 })],
    ['a number of a beat below 0', () => changed(beat!, { number: -1 })],
    ['a way that names no connections', () => changed(beat!, { via: '1.8d1f 12' })],
    ['a way that is too long', () => changed(beat!, { via: 'x'.repeat(1001) })],
    ['a session that is too short', () => changed(beat!, { sessionMs: 99 })],
    ['a session that is too long', () => changed(beat!, { sessionMs: 1_800_001 })],
    ['a wait of more than half a session', () => changed(beat!, { sessionMs: 10_000, waitMs: 5001 })],
    ['a wait of more than 30 s', () => changed(beat!, { sessionMs: 600_000, waitMs: 30_001 })],
    ['a lease that is named twice', () => changed(beat!, { owned: Array(2).fill({ ...place, token: 1 }) })],
    [
      'a declined partition that is named twice',
      () => changed(beat!, { declined: Array(2).fill({ ...place, token: 1, ended: false }) }),
    ],
    [
      'a declined partition without a token of a lease',
      () => changed(beat!, { declined: [{ ...place, token: -1, ended: true }] }),
    ],
    ['a topic that can be none', () => changed(beat!, { subscribed: { topics: ['a b'], patterns: [] } })],
    ['a topic that is named twice', () => changed(beat!, { subscribed: { topics: ['a', 'a'], patterns: [] } })],
    ['a pattern that is no name', () => changed(beat!, { subscribed: { topics: [], patterns: ['(a|b)'] } })],
    ['a commit of nothing', () => changed(commit!, { positions: [] })],
    ['a position that is named twice', () => changed(commit!, { positions: Array(2).fill(position) })],
    ['metadata that is too long', () => changed(commit!, { positions: [{ ...position, metadata: 'x'.repeat(4097) }] })],
    ['a delay by nobody', () => changed(delay!, {}, { member: '' })],
    ['a delay of more than 30 days', () => changed(delay!, { delayMs: 30 * 86_400_000 + 1 })],
    ['a coordinator that there is not', () => changed(list!, { partition: 16 })],
    ['a token from outside', () => changed(alter!, { positions: [{ ...position, token: 5, done: false }] })],
  ])('%s', (_, fields) => {
    expect(() => groupRequestOf(fields() as never)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })
})
