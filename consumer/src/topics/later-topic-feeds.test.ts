import { orAborted, withResolvers } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { Positions } from '../positions.ts'
import { LaterTopicFeeds } from './later-topic-feeds.ts'
import { TopicPositions } from './topic-positions.ts'
import type { TopicsSource } from './topics-source.ts'

const saved = new TopicPositions([['a', new Positions([[0, 3]], 'id-a')]])

/** What is loaded, telling what it was asked for. */
function loadedSource(calls: string[]): TopicsSource {
  const named = { pause: true, resume: true, close: true, fail: true }
  const told = Object.keys(named).map((name) => [name, () => void calls.push(name)])
  const source = { ...Object.fromEntries(told), onBegin: undefined, onEnd: undefined } as TopicsSource
  return Object.assign(source, {
    whenStarted: async () => void calls.push('whenStarted'),
    next: async () => {
      source.onBegin?.()
      calls.push('next')
      return undefined
    },
  })
}

it('holds what was asked for before it is loaded, loads once, and goes on where it was to begin until then', async () => {
  const calls: string[] = []
  const loading = withResolvers<TopicsSource>()
  let loads = 0
  const feeds = new LaterTopicFeeds(saved, () => {
    loads++
    return loading.promise
  })
  feeds.onBegin = () => calls.push('begin')
  feeds.pause()
  expect(feeds.positions).toEqual(saved)
  expect(feeds.topics).toEqual([])
  expect(feeds.paused).toEqual([])
  expect(feeds.lag).toEqual({ total: 0, topics: new Map() })
  expect(() => feeds.pause([{ topic: 'a' }])).toThrow(expect.objectContaining({ code: 'UNKNOWN_TOPIC' }))
  expect(() => feeds.resume([{ topic: 'a' }])).toThrow(expect.objectContaining({ code: 'UNKNOWN_TOPIC' }))
  expect(loads).toBe(0)
  const asked = [feeds.next(), feeds.whenStarted()]
  loading.resolve(loadedSource(calls))
  await Promise.all(asked)
  expect(calls).toEqual(['begin', 'pause', 'next', 'whenStarted'])
  expect(loads).toBe(1)
  feeds.resume()
  feeds.close()
  expect(calls.slice(4)).toEqual(['resume', 'close'])
})

describe('while it is loaded', () => {
  const calls: string[] = []
  const loading = () => {
    calls.length = 0
    const feeds = new LaterTopicFeeds(undefined, (ended) => orAborted(new Promise(() => {}), ended))
    feeds.onBegin = () => calls.push('begin')
    feeds.onEnd = () => calls.push('end')
    return feeds
  }

  it('may be closed: the loop has its end, and ready fails', async () => {
    const feeds = loading()
    const [loop, ready] = [feeds.next(), feeds.whenStarted()]
    feeds.close()
    await expect(loop).resolves.toBeUndefined()
    await expect(ready).rejects.toMatchObject({ code: 'CLOSED' })
    expect(calls).toEqual(['begin', 'end'])
  })

  it('may fail, as when its signal fires', async () => {
    const feeds = loading()
    const asked = feeds.next()
    feeds.fail(new TailraceError('ABORTED'), true)
    await expect(asked).rejects.toMatchObject({ code: 'ABORTED' })
    expect(calls).toEqual(['begin', 'end'])
  })
})

it('closed before it begins, it loads nothing', async () => {
  let loads = 0
  const feeds = new LaterTopicFeeds(undefined, async () => loadedSource([`${loads++}`]))
  feeds.close()
  await expect(feeds.next()).resolves.toBeUndefined()
  expect(loads).toBe(0)
})

it('tells both, the loop and ready, that it cannot be loaded', async () => {
  const error = new TailraceError('CODE_NOT_LOADED')
  const feeds = new LaterTopicFeeds(undefined, () => Promise.reject(error))
  await expect(feeds.next()).rejects.toBe(error)
  await expect(feeds.whenStarted()).rejects.toBe(error)
})
