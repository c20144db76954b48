import { expect, test } from 'vitest'
import type { Asker } from '../../api/broker-api.ts'
import { ASKER_HEADER, askerHeader, readAskerHeader } from './asker-header.ts'

const asker: Asker = {
  principal: 'User:Jürgen',
  groups: ['Group:ä', 'Group:b'],
  host: '::1',
  kind: 'jwt',
  via: [{ principal: 'Cascade:201', host: '10.0.0.2' }],
}
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const fields = JSON.parse(JSON.stringify(asker))

test('a client is read as it was written, with characters that headers cannot carry', () => {
  const text = askerHeader(asker)[ASKER_HEADER]!
  expect(text).toMatch(/^[\w-]+$/)
  expect(readAskerHeader(text)).toMatchObject(asker)
  expect(askerHeader(undefined)).toEqual({})
})

test('a client in more groups than headers can carry is not written', () => {
  const groups = Array.from({ length: 1000 }, (_, at) => `Group:${at}`)
  expect(() => askerHeader({ ...asker, groups })).toThrow(/too many groups/)
})

test.each([
  ['no text', undefined],
  ['two of them', ['a', 'b']],
  ['no base64', '%%%'],
  ['no JSON', Buffer.from('{').toString('base64url')],
  ['null', encoded(null)],
  ['a number', encoded(5)],
  ['no principal', encoded({ ...fields, principal: 5 })],
  ['a text that is no principal', encoded({ ...fields, principal: 'ann' })],
  ['no groups', encoded({ ...fields, groups: 'Group:a' })],
  ['a group that is no text', encoded({ ...fields, groups: [5] })],
  ['a group twice', encoded({ ...fields, groups: ['Group:a', 'Group:a'] })],
  ['no host', encoded({ ...fields, host: null })],
  ['a long host', encoded({ ...fields, host: 'h'.repeat(1001) })],
  ['no kind', encoded({ ...fields, kind: {} })],
  ['no way', encoded({ ...fields, via: {} })],
  ['a voucher without a host', encoded({ ...fields, via: [{ principal: 'Cascade:1' }] })],
  ['a voucher that is nobody', encoded({ ...fields, via: [{ principal: 'x', host: 'h' }] })],
  ['null for a voucher', encoded({ ...fields, via: [null] })],
  ['a long way', encoded({ ...fields, via: Array(101).fill({ principal: 'Cascade:1', host: '' }) })],
  ['a long text', encoded({ ...fields, host: 'h'.repeat(9_000) })],
])('%s is refused', (_, text) => {
  expect(() => readAskerHeader(text)).toThrow(/The header tailrace-asker is none|names no client/)
})
