import { expect, test } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import { followFile, reloadOf } from './followed-file.ts'

/** A file of which each reading ends when the test says so. */
async function opened() {
  const clock = new ManualClock()
  const file = { content: 'a', stamp: '1', reads: 0, wait: async () => {} }
  const read = async (): Promise<string> => {
    const { content, wait } = file
    file.reads++
    await wait()
    return content
  }
  const followed = await followFile('setting', '/path', 'the file', (text) => text, {
    read,
    stamp: async () => file.stamp,
    clock,
    logger: silentLogger,
  })
  return { clock, file, followed }
}

test('a reload has read the file as it was when it was asked for, without waiting for the next look', async () => {
  const { clock, file, followed } = await opened()
  file.content = 'b'
  await followed.reload!()
  expect([followed.current(), file.reads]).toEqual(['b', 2])
  await clock.advance(2_100)
  expect(file.reads).toBe(3)
})

test('a reading that has begun before does not stand for a reload', async () => {
  const { clock, file, followed } = await opened()
  let end = (): void => {}
  file.wait = () => new Promise((resolve) => (end = resolve))
  await clock.advance(2_100)
  file.content = 'b'
  const reloading = followed.reload!()
  file.wait = async () => {}
  end()
  await reloading
  expect([followed.current(), file.reads]).toEqual(['b', 3])
})

test('all files are read, and there is nothing to do without any', async () => {
  const [one, other] = [await opened(), await opened()]
  one.file.content = other.file.content = 'b'
  await reloadOf(one.followed, null, { reload: null }, other.followed)!()
  expect([one.followed.current(), other.followed.current()]).toEqual(['b', 'b'])
  expect(reloadOf(null, { reload: null })).toBeNull()
})

test('a file is read where its stamp has changed, and once more, since a second write may leave it as it is', async () => {
  const { clock, file, followed } = await opened()
  await clock.advance(4_100)
  const before = file.reads
  await clock.advance(20_000)
  expect(file.reads).toBe(before)
  Object.assign(file, { content: 'b', stamp: '2' })
  await clock.advance(2_000)
  expect([followed.current(), file.reads]).toEqual(['b', before + 1])
  file.content = 'c'
  await clock.advance(2_000)
  expect([followed.current(), file.reads]).toEqual(['c', before + 2])
  await clock.advance(20_000)
  expect(file.reads).toBe(before + 2)
})

test('a file that cannot be looked at is read, so that what is wrong is told', async () => {
  const { clock, file } = await opened()
  file.stamp = ''
  await clock.advance(6_100)
  expect(file.reads).toBe(4)
})
