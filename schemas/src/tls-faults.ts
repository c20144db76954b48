import { TailraceError } from './tailrace-error.ts'

/** Verdicts of OpenSSL on a certificate, as Node names them, in words. */
const verdicts: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  CERT_REVOKED: 'it was revoked',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is signed by itself, and not known here',
  SELF_SIGNED_CERT_IN_CHAIN: 'its CA is not known here',
  UNABLE_TO_GET_ISSUER_CERT: 'its CA is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its CA is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its CA is not known here',
  INVALID_PURPOSE: 'it may not be used for a server',
}

/** Codes of Node for bytes that are no TLS. */
const plainCodes: ReadonlySet<string> = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'])

/**
 * What a failed TLS connection means, by the error of Node or of what wraps it; null where the error is none of TLS.
 * The message says what is wrong with whose certificate, so that people can do something about it.
 */
export function tlsFault(error: unknown): TailraceError | null {
  const { code, message, cause } = (error ?? {}) as { code?: unknown; message?: unknown; cause?: unknown }
  if (typeof code !== 'string') return cause === undefined ? null : tlsFault(cause)
  const text = String(message)
  const failed = (detail: string): TailraceError => new TailraceError('TLS_FAILED', detail, { cause: error })
  if (plainCodes.has(code) || (code === 'EPROTO' && /wrong version number|packet length too long/.test(text)))
    return new TailraceError('TLS_OFF', undefined, { cause: error })
  const verdict = verdicts[code]
  if (verdict !== undefined) return failed(`The certificate of the broker is refused: ${verdict}.`)
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return failed(`The certificate of the broker is refused: it is for another name. ${text}.`)
  }
  if (/ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE)$/.test(code)) {
    return failed(`The broker refuses the certificate of this side (${code}).`)
  }
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(code))
    return failed('The two sides have no version of TLS in common.')
  return /^(ERR_SSL_|ERR_TLS_|CERT_|EPROTO$)/.test(code) ? failed(`${text}.`) : null
}
