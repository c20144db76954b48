import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { PeerCertificate } from '../../network.ts'

/** The certificate that the other end of a socket has shown and a trusted CA has signed; null for a plain socket. */
export function certificateOf(socket: Socket): PeerCertificate | null {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null
  const certificate = socket.getPeerX509Certificate()
  return certificate === undefined ? null : peerCertificateOf(certificate)
}

/** The parts of a certificate by which brokers and clients are told apart. */
export function peerCertificateOf(certificate: X509Certificate): PeerCertificate {
  const names: string[] = []
  const uris: string[] = []
  for (const [kind, value] of alternativeNames(certificate.subjectAltName ?? '')) {
    if (kind === 'DNS') names.push(value.toLowerCase())
    if (kind === 'URI') uris.push(value)
  }
  return {
    names,
    uris,
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    validUntil: Date.parse(certificate.validTo),
  }
}

/**
 * Node gives them as `DNS:a.example, URI:"x, y"`: a value with characters that could be mistaken for another name is a
 * JSON string.
 */
function alternativeNames(text: string): [kind: string, value: string][] {
  const found: [string, string][] = []
  for (const [, kind, value] of text.matchAll(/([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy))
    found.push([kind!, value!.startsWith('"') ? (JSON.parse(value!) as string) : value!])
  return found
}

/** Node gives one attribute a line, the least specific first. */
function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').reverse().join(',')
}
