import { expect, test } from 'vitest'
import { checkCertificate, checkIsOfBroker } from './certificate-identity.ts'

const none: ReadonlyMap<number, string> = new Map()
const certificate = (names: string[], uris: string[] = []) => ({
  names,
  uris,
  subject: 'CN=broker-3',
  issuer: 'CN=CA',
  fingerprint: '',
  validUntil: 0,
})

test('a broker is one that its certificate names', () => {
  checkCertificate(null, 3, none)
  checkCertificate(certificate(['localhost', 'broker-3']), 3, none)
  checkCertificate(certificate(['a.example']), 3, new Map([[3, 'A.example']]))
  checkCertificate(certificate([], ['spiffe://x/3']), 3, new Map([[3, 'spiffe://x/3']]))
})

test.each([
  [['broker-2', 'localhost'], none, 'does not name broker-3, but broker-2, localhost.'],
  // The common name alone says nothing: any client may be called so.
  [[], none, 'does not name broker-3, but CN=broker-3.'],
  [['broker-33', 'x.broker-3', '*'], none, 'does not name broker-3'],
  [['broker-3'], new Map([[3, 'a.example']]), 'does not name a.example'],
  [['a.example'], new Map([[2, 'a.example']]), 'does not name broker-3'],
])('and no other: %j', (names, mapped, text) => {
  const refused = { code: 'PEER_NOT_AUTHENTICATED', message: expect.stringContaining(text) }
  expect(() => checkCertificate(certificate(names), 3, mapped)).toThrow(expect.objectContaining(refused))
})

test('a certificate is one of a broker if it names any', () => {
  checkIsOfBroker(null, none)
  checkIsOfBroker(certificate(['localhost', 'broker-7']), none)
  checkIsOfBroker(certificate(['a.example']), new Map([[3, 'A.example']]))
  checkIsOfBroker(certificate([], ['spiffe://x/3']), new Map([[3, 'spiffe://x/3']]))
  for (const names of [['alice'], [], ['broker-', 'broker-x', 'xbroker-1', 'broker-1.example']]) {
    const refused = expect.objectContaining({ code: 'PEER_NOT_AUTHENTICATED' })
    expect(() => checkIsOfBroker(certificate(names), new Map([[3, 'a.example']]))).toThrow(refused)
  }
})
