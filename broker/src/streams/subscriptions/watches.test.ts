import { beforeEach, expect, it } from 'vitest'
import { Watches } from './watches.ts'

const nothing = { streams: [], after: '' }
let watches: Watches

beforeEach(async () => {
  watches = new Watches({
    store: { settled: async () => {}, async *range() {} },
    propose: async () => {},
    judgedBefore: async () => {},
    current: async (stream) => ({ stream, id: '', tail: 0 }),
  })
  await watches.loaded()
})

const watch = (number: string, pattern: string | null, streams: readonly string[] = []) =>
  watches.watch('s', { act: 'watch', partition: 0, number, pattern, ...nothing, streams })
const numbers = (stream: string): readonly string[] => watches.watchersOf(stream).map(({ number }) => number)

it('a stream is held against what is watched at the moment', async () => {
  expect(watches.isWatched('events/a')).toBe(false)
  await watch('~1', 'events/*')
  expect(numbers('events/a')).toEqual(['~1'])
  await watch('~2', null, ['events/a'])
  expect(numbers('events/a')).toEqual(['~1', '~2'])
  await watches.unwatch('~1', null)
  expect(numbers('events/a')).toEqual(['~2'])
  await watches.unwatch('~2', 'events/a')
  expect(watches.isWatched('events/a')).toBe(false)
})

it('appends of a stream take a short time, however many patterns there are', async () => {
  for (let at = 0; at < 1_000; at++) await watch(`~${at}`, `**/${'a'.repeat(900)}-${at}-*`)
  const begun = performance.now()
  for (let append = 0; append < 1_000; append++) expect(watches.isWatched(`events/${append % 10}`)).toBe(false)
  for (let at = 0; at < 300; at++) expect(watches.isWatched(`other/${at}`)).toBe(false)
  expect(performance.now() - begun).toBeLessThan(3_000)
})
