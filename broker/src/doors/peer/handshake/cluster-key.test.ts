import { expect, test } from 'vitest'
import { parseClusterKeys } from './cluster-key.ts'

const base64 = (byte: number, bytes = 32) => Buffer.alloc(bytes, byte).toString('base64')
const parsed = (text: string) => parseClusterKeys(text, '/k').map((key) => [key[0], key.length])

test.each([
  ['one', base64(1), [[1, 32]]],
  ['one with a line end', `${base64(1)}\n`, [[1, 32]]],
  ['one without padding', base64(1).replaceAll('=', ''), [[1, 32]]],
  ['a longer one', base64(1, 100), [[1, 100]]],
  [
    'two, with notes and Windows line ends',
    `# new\r\n${base64(2)}\r\n\r\n# old\r\n${base64(1)}\r\n`,
    [
      [2, 32],
      [1, 32],
    ],
  ],
])('the keys of a file: %s', (_, text, keys) => {
  expect(parsed(text)).toEqual(keys)
})

test.each([
  ['empty', '', 'has 0 keys'],
  ['notes alone', '# key\n', 'has 0 keys'],
  ['three keys', [1, 2, 3].map((byte) => base64(byte)).join('\n'), 'has 3 keys'],
  ['a short key', base64(1, 31), 'has a key of 31 bytes, but 32 are the least'],
  ['no base64', `${base64(1)}!`, 'has a line that is no base64'],
  ['two keys in a line', `${base64(1)} ${base64(2)}`, 'has a line that is no base64'],
  ['padding within', base64(1, 34) + base64(1), 'has a line that is no base64'],
])('a file is refused, and nothing of it is shown: %s', (_, text, fault) => {
  expect(() => parsed(text)).toThrow(
    expect.objectContaining({ code: 'INVALID_SETTING', message: expect.stringContaining(`/k, ${fault}`) }),
  )
  try {
    parsed(text)
  } catch (error) {
    expect((error as Error).message).not.toContain(base64(1).slice(0, 20))
  }
})
