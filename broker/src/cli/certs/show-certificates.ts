import type { ShownCertificate } from '../../platform/node/tls/shown-certificates.ts'

/** Lines for people about the certificates of a file. */
export function certificatesText(certificates: readonly ShownCertificate[]): string {
  return certificates.map(text).join('\n\n')
}

function text({ subject, issuer, isAuthority, names, validFrom, validUntil, fingerprint }: ShownCertificate): string {
  const rows = [
    ['subject', isAuthority ? `${subject} (a CA)` : subject],
    ['issuer', issuer],
    ['names', names || 'none'],
    ['valid', `${day(validFrom)} to ${day(validUntil)}`],
    ['SHA-256', fingerprint],
  ]
  return rows.map(([name, value]) => `${name!.padEnd(9)}${value}`).join('\n')
}

function day(time: number): string {
  return new Date(time).toISOString().replace('.000', '')
}
