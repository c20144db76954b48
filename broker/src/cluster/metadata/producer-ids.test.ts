import { expect, it } from 'vitest'
import { settled } from '../../platform/testing/clock.ts'
import { OwnedProducerIds, ProducerIds } from './producer-ids.ts'

const take = (ids: ProducerIds, count: number) => Promise.all(Array.from({ length: count }, () => ids.take()))

it('each id is given once, and a block is asked for when the last one is used up', async () => {
  const asked: number[] = []
  let block = 0
  const ids = new ProducerIds(async (count) => {
    asked.push(count)
    return 5000 * ++block
  })
  expect(await take(ids, 3)).toEqual([5000, 5001, 5002])
  expect(asked).toEqual([1000])
  const rest = await take(ids, 997)
  expect([rest[0], rest[996], asked.length]).toEqual([5003, 5999, 1])
  expect(await ids.take()).toBe(10_000)
  const many = await take(ids, 2500)
  expect(new Set(many).size).toBe(2500)
  expect([many[998], many[999], many[1998], many[1999]]).toEqual([10_999, 15_000, 15_999, 20_000])
  expect(asked).toEqual([1000, 1000, 1000, 1000])
})

it('all waiting callers get a failure, and the next one asks again', async () => {
  let fails = true
  const ids = new ProducerIds(async () => {
    if (fails) throw new Error('no leader')
    return 7
  })
  const waiting = await Promise.allSettled([ids.take(), ids.take()])
  expect(waiting.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  fails = false
  expect(await ids.take()).toBe(7)
})

it('too many waiting callers are refused', async () => {
  const ids = new ProducerIds(() => new Promise(() => {}))
  for (let at = 0; at < 10_000; at++) void ids.take()
  await expect(ids.take()).rejects.toMatchObject({ code: 'OVERLOADED' })
  await settled()
})

it('each principal has blocks of its own, small ones; clients without a name share large ones', async () => {
  const asked: [string, number][] = []
  const ids = new OwnedProducerIds(async (principal, count) => {
    asked.push([principal, count])
    return 10_000 * asked.length
  })
  expect(await ids.take()).toBe(10_000)
  expect(await ids.take('User:ANONYMOUS')).toBe(10_001)
  expect([await ids.take('User:a'), await ids.take('User:b'), await ids.take('User:a')]).toEqual([
    20_000, 30_000, 20_001,
  ])
  expect(asked).toEqual([
    ['User:ANONYMOUS', 1000],
    ['User:a', 100],
    ['User:b', 100],
  ])
  for (let at = 0; at < 10_000; at++) await ids.take(`User:${at}`)
  expect(await ids.take('User:a')).not.toBe(20_002)
})
