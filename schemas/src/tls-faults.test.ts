import { expect, it } from 'vitest'
import { tlsFault } from './tls-faults.ts'

it.each([
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'TLS_OFF', /takes no TLS/],
  ['CERT_HAS_EXPIRED', 'TLS_FAILED', /of the broker is refused: it has expired\.$/],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'TLS_FAILED', /its CA is not known here/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'TLS_FAILED', /another name\. text\.$/],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'TLS_FAILED', /refuses the certificate of this side/],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'TLS_FAILED', /refuses the certificate of this side/],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'TLS_FAILED', /no version of TLS in common/],
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'TLS_FAILED', /text\.$/],
])('%s', (code, expected, text) => {
  const error = Object.assign(new Error('text'), { code })
  for (const thrown of [error, new Error('fetch failed', { cause: error })]) {
    expect(tlsFault(thrown)).toMatchObject({ code: expected, message: expect.stringMatching(text), retriable: false })
  }
})

it('knows the wrong version by its text, as older versions of Node give it', () => {
  const error = Object.assign(new Error('…SSL routines:ssl3_get_record:wrong version number'), { code: 'EPROTO' })
  expect(tlsFault(error)?.code).toBe('TLS_OFF')
})

it.each([undefined, null, 'x', new Error('x'), Object.assign(new Error('x'), { code: 'ECONNREFUSED' })])(
  '%s is none of TLS',
  (error) => expect(tlsFault(error)).toBeNull(),
)
