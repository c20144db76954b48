import { X509Certificate } from 'node:crypto'
import { TailraceError } from '@tailrace/schemas'
import { peerCertificateOf } from './peer-certificate.ts'

/** What people want to know of a certificate. */
export interface ShownCertificate {
  readonly subject: string
  readonly issuer: string
  readonly isAuthority: boolean
  /** Alternative names as they stand: `DNS:broker-1, IP Address:127.0.0.1`. */
  readonly names: string
  /** Unix milliseconds. */
  readonly validFrom: number
  readonly validUntil: number
  readonly fingerprint: string
}

const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** The certificates of a PEM file. @throws TailraceError INVALID_SETTING when it has none that can be read */
export function shownCertificates(text: string, path: string): ShownCertificate[] {
  try {
    const shown = (text.match(pemBlock) ?? []).map((block) => show(new X509Certificate(block)))
    if (shown.length > 0) return shown
  } catch (error) {
    throw new TailraceError('INVALID_SETTING', `${path} has a certificate that cannot be read.`, { cause: error })
  }
  throw new TailraceError('INVALID_SETTING', `${path} has no certificate in PEM form.`)
}

function show(certificate: X509Certificate): ShownCertificate {
  const { subject, issuer, fingerprint, validUntil } = peerCertificateOf(certificate)
  return {
    subject,
    issuer,
    isAuthority: certificate.ca,
    names: certificate.subjectAltName ?? '',
    validFrom: Date.parse(certificate.validFrom),
    validUntil,
    fingerprint,
  }
}
