import { TestCluster } from '@tailrace/client/testing'
import { expect, expectTypeOf, it } from 'vitest'
import { Consumer, TopicPositions, type TopicsOptions, type TopicsSubscription } from '../index.ts'
import { Positions } from '../positions.ts'
import { type Topics, topicChoice } from './topic-choice.ts'
import { topicRanges } from './topics-options.ts'

it('names and patterns choose topics; those of brokers are read by name alone', () => {
  const { names, matches } = topicChoice(['a', /^orders\./, 'a', /x$/])
  expect(names).toEqual(['a'])
  expect(['orders.eu', 'ax', '__x', 'orders'].filter(matches!)).toEqual(['orders.eu', 'ax'])
  expect(topicChoice(['__groups']).matches).toBeUndefined()
})

it('an expression with a memory of its own matches the same name each time', () => {
  const { matches } = topicChoice(/o/gy)
  expect(['o', 'o', 'oo'].filter(matches!)).toEqual(['o', 'o', 'oo'])
})

it.each<[string, Topics]>([
  ['no topic', []],
  ['a name that no topic has', ['a b']],
  ['what is no name', [7 as never]],
])('refuses %s', (_, topics) => {
  expect(() => topicChoice(topics)).toThrow(expect.objectContaining({ name: 'TailraceError' }))
})

const saved = new TopicPositions([
  ['a', new Positions([[0, 3]], 'id-a')],
  ['b', new Positions([[1, 4]], 'id-b')],
])

it.each<[string, TopicsOptions['from']]>([
  ['as it is', saved],
  ['as JSON', JSON.parse(JSON.stringify(saved))],
])('a position of several topics is taken %s', (_, from) => {
  const ranges = topicRanges({ from: from!, otherwise: 'latest' })
  expect(ranges.of('a', false)!.start.offsets).toEqual(saved.get('a'))
  expect(ranges.of('b', true)!.topicId).toBe('id-b')
  expect(ranges.of('b', false)!.positionOf(0)).toEqual({ kind: 'LATEST', value: 0 })
  expect(ranges.of('c', false)!.positionOf(0)).toEqual({ kind: 'LATEST', value: 0 })
  expect(ranges.of('c', true)!.positionOf(0)).toEqual({ kind: 'EARLIEST', value: 0 })
  const ends = topicRanges({ to: from! })
  expect([ends.hasEnd, ends.of('a', false)?.hasEnd, ends.of('c', false)]).toEqual([true, true, undefined])
})

it('each topic begins where `from` says, or with the last records, and new ones at their beginning', () => {
  const { of } = topicRanges({ last: 3 })
  expect(of('a', true)!.positionOf(0).kind).toBe('EARLIEST')
  expect(topicRanges({}).of('a', false)!.positionOf(0).kind).toBe('LATEST')
  expect(topicRanges({ from: 7 }).of('a', false)!.positionOf(0)).toEqual({ kind: 'OFFSET', value: 7 })
})

it.each<[string, object]>([
  ['from', { from: { 0: 3 } }],
  ['from', { from: {} }],
  ['from', { from: { topics: {} } }],
  ['from', { from: new Map() }],
  ['from', { from: { topics: { a: 3 } } }],
  ['from', { from: { topics: { a: {} } } }],
  ['from', { from: 'soon' }],
  ['to', { to: { offsets: { 0: 3 } } }],
  ['partitions', { partitions: [0] }],
  ['last', { last: 0 }],
])('%s is refused: %o', (name, options) => {
  expect(() => topicRanges(options as TopicsOptions)).toThrow(
    expect.objectContaining({ code: 'INVALID_SETTING', message: expect.stringContaining(`${name}: `) }),
  )
})

it('before it begins a subscription stands where it was given, and holds nothing', async () => {
  const cluster = await TestCluster.start({ a: 1, b: 2 })
  const consumer = new Consumer({ servers: cluster.servers })
  const subscription = consumer.subscribe(['a', 'b'], { from: saved })
  expectTypeOf(subscription).toEqualTypeOf<TopicsSubscription<string>>()
  expectTypeOf(consumer.subscribe(/a/, { bytes: true })).toEqualTypeOf<TopicsSubscription<Uint8Array>>()
  expect(subscription.position()).toEqual(saved)
  expect([subscription.topics, subscription.lag().total, cluster.connections]).toEqual([[], 0, 0])
  expect(() => consumer.subscribe(['a'], { form: 'earliest' } as never)).toThrow('form')
  await subscription.close()
  for await (const _ of subscription) expect.fail('it is closed')
  const aborted = consumer.subscribe(['a'], { signal: AbortSignal.abort() })
  await expect(aborted.ready()).rejects.toMatchObject({ code: 'ABORTED' })
  await consumer.close()
  expect(() => consumer.subscribe(['a'])).toThrow(expect.objectContaining({ code: 'CLOSED' }))
  await cluster.close()
})
