import { expect, test } from 'vitest'
import { clientOf, hostOf } from './client-address.ts'

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::1', '0:0:0:0'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::6', '2001:db8:1:2'],
  ['2001:db8::6', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  [undefined, ''],
])('%s counts as %s', (address, client) => {
  expect(clientOf(address)).toBe(client)
})

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::1', '::1'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['2001:DB8::5', '2001:db8::5'],
  ['2001:db8:0:0:0:0:0:5', '2001:db8::5'],
  ['fe80::1%eth0', 'fe80::1'],
  ['no:address', 'no:address'],
  [undefined, ''],
])('%s is compared as %s', (address, host) => {
  expect(hostOf(address)).toBe(host)
})
