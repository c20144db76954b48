import { expect, test } from 'vitest'
import { nodeCrypto } from './crypto.ts'

const text = (given: string) => new TextEncoder().encode(given)
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

test('a hash, RFC 6234', () => {
  expect(hex(nodeCrypto.hash('sha256', text('abc')))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
  expect(nodeCrypto.hash('sha512', text('abc'))).toHaveLength(64)
})

test('a keyed hash, RFC 4231', () => {
  const mac = nodeCrypto.hmac('sha256', text('Jefe'), text('what do ya want for nothing?'))
  expect(hex(mac)).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
})

test('a key out of a password, RFC 7677', async () => {
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
  const salted = await nodeCrypto.pbkdf2('sha256', text('pencil'), salt, 4096)
  const storedKey = nodeCrypto.hash('sha256', nodeCrypto.hmac('sha256', salted, text('Client Key')))
  expect(Buffer.from(storedKey).toString('base64')).toBe('WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=')
  expect(await nodeCrypto.pbkdf2('sha512', text('pencil'), salt, 4096)).toHaveLength(64)
})

test('equal bytes', () => {
  expect(nodeCrypto.equal(text('ab'), text('ab'))).toBe(true)
  expect(nodeCrypto.equal(text('ab'), text('ac'))).toBe(false)
  expect(nodeCrypto.equal(text('ab'), text('abc'))).toBe(false)
})
