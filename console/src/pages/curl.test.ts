import { expect, test } from 'vitest'
import { curlOf } from './curl.ts'

test.each([
  ['http://h:1', null, "curl 'http://h:1/topics/a'"],
  ['https://h:1', null, `curl --cacert "$TAILRACE_CA" 'https://h:1/topics/a'`],
  [
    'https://h:1',
    { kind: 'token', token: 'tr_secret' },
    `curl --cacert "$TAILRACE_CA" -H "authorization: Bearer $TAILRACE_TOKEN" 'https://h:1/topics/a'`,
  ],
  ['http://h:1', { kind: 'password', user: "o'n", password: 'secret' }, `curl --user 'o'\\''n' 'http://h:1/topics/a'`],
] as const)('%s %j', (origin, credential, expected) => {
  expect(curlOf(origin, '/topics/a', credential)).toBe(expected)
})
