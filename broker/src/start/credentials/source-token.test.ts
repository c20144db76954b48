import { expect, test } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import { openSourceToken } from './source-token.ts'

const silent = { info: () => {}, warn: () => {}, error: () => {} }

async function opened(content: string, path = '/token') {
  const clock = new ManualClock()
  const file = { content }
  const deps = { read: async () => file.content, stamp: async () => file.content, clock, logger: silent }
  const token = await openSourceToken({ sourceTokenFile: path }, deps)
  const pass = (ms: number) => clock.advance(ms, () => new Promise((done) => setImmediate(done)))
  return { token, file, pass }
}

test('the token is the text of the file, and follows it', async () => {
  const { token, file, pass } = await opened('tr_1_a\n')
  expect(token.current()).toBe('tr_1_a')
  file.content = 'tr_2_b'
  await pass(2100)
  expect(token.current()).toBe('tr_2_b')
  file.content = 'no token'
  await pass(2100)
  expect(token.current()).toBe('tr_2_b')
  token.close()
})

test('there is none without a file', async () => {
  expect((await opened('', '')).token.current()).toBeNull()
})

test.each(['', '\n', 'two words', 'a\nb', 'ü'])('a file with %j ends the start, and is not shown', async (content) => {
  await expect(opened(content)).rejects.toMatchObject({
    code: 'INVALID_SETTING',
    message: expect.stringContaining('/token, does not hold a token.'),
  })
})
