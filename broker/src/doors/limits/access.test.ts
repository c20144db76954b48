import { expect, test } from 'vitest'
import { accessOf, checkHost, hostName } from './access.ts'

const limits = {
  hosts: ['broker.example'],
  readOrigins: ['https://reads.example'],
  writeOrigins: ['https://writes.example'],
}

test.each([
  '127.0.0.1',
  '127.0.0.1:8080',
  'localhost:8080',
  'LOCALHOST',
  'app.localhost:1',
  '[::1]:8080',
  '192.0.2.7:8080',
  'broker.example:8080',
  'Broker.Example.',
])('host %s is ours', (host) => {
  expect(() => checkHost({ host }, limits)).not.toThrow()
})

test.each([
  'evil.example',
  'evil.example:8080',
  '127.0.0.1.evil.example',
  'localhost.evil.example',
  '',
  'a:b:c',
  '[evil]',
])('host %s is refused, unless any host is allowed', (host) => {
  expect(() => checkHost({ host }, limits)).toThrow(expect.objectContaining({ code: 'HOST_REFUSED' }))
  expect(() => checkHost({ host }, { ...limits, hosts: ['*'] })).not.toThrow()
})

test.each([
  [undefined, 'write'],
  ['http://127.0.0.1:8080', 'write'],
  ['https://writes.example', 'write'],
  ['https://reads.example', 'read'],
  ['http://reads.example', 'nothing'],
  ['http://127.0.0.1:3000', 'nothing'],
  ['https://evil.example', 'nothing'],
  ['null', 'nothing'],
])('a page of %s may %s', (origin, access) => {
  const headers = { host: '127.0.0.1:8080', ...(origin === undefined ? {} : { origin }) }
  expect(accessOf(headers, limits)).toBe(access)
  expect(accessOf(headers, { ...limits, readOrigins: ['*'] })).toBe(access === 'nothing' ? 'read' : access)
})

test('a host is a name or an address, without its port', () => {
  expect(['A.example:1', '[::1]:2', '::1', ''].map(hostName)).toEqual(['a.example', '::1', '', ''])
})
