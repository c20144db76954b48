import { TailraceError } from '@tailrace/schemas'
import { expect, it } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import { storedKeys } from '../state/stored-keys.ts'
import { News } from './news.ts'

it('news of other streams are told while one stream has too many appends to take its mark away', async () => {
  const streams = Array.from({ length: 300 }, (_, at) => String(at).padStart(3, '0'))
  const marked = new Set(streams.map(storedKeys.newsOf))
  let isFull = true
  const clock = new ManualClock()
  const news = new News({
    store: {
      settled: async () => {},
      async *range(from, to) {
        for (const key of [...marked].sort()) if (key >= from && key < to) yield [key, new Uint8Array(0)]
      },
    },
    watches: { loaded: async () => {}, watchersOf: () => [{ path: 's', number: '~1' }], unwatch: async () => {} },
    current: async (stream) => ({ stream, id: 'a', tail: 1 }),
    tell: async () => true,
    async told({ stream }) {
      if (isFull && stream === '000') throw new TailraceError('OVERLOADED')
      marked.delete(storedKeys.newsOf(stream))
    },
    clock,
    logger: silentLogger,
  })
  await news.handIn('s')
  expect([...marked]).toEqual([storedKeys.newsOf('000')])
  isFull = false
  await clock.advance(1_000)
  expect([...marked]).toEqual([])
})
