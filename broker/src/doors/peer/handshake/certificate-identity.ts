import { type BrokerId, TailraceError } from '@tailrace/schemas'
import type { PeerCertificate } from '../../../platform/network.ts'

/**
 * A certificate of another end than the broker that it says it is: one of another broker, or of a client that the same
 * CA has signed. Whether there must be a certificate at all is decided before its first frame.
 * @param names of certificates by broker, where they are not `broker-<id>`
 * @throws TailraceError PEER_NOT_AUTHENTICATED
 */
export function checkCertificate(
  certificate: PeerCertificate | null,
  broker: BrokerId,
  names: ReadonlyMap<BrokerId, string>,
): void {
  if (certificate === null) return
  const name = names.get(broker) ?? `broker-${broker}`
  if (certificate.names.includes(name.toLowerCase()) || certificate.uris.includes(name)) return
  const shown = [...certificate.names, ...certificate.uris].join(', ') || certificate.subject
  throw new TailraceError(
    'PEER_NOT_AUTHENTICATED',
    `Broker ${broker} shows a certificate that does not name ${name}, but ${shown}.`,
  )
}

/**
 * Before this side says who it is: the certificate is one of some broker.
 * @throws TailraceError PEER_NOT_AUTHENTICATED
 */
export function checkIsOfBroker(certificate: PeerCertificate | null, names: ReadonlyMap<BrokerId, string>): void {
  if (certificate === null) return
  const mapped = [...names.values()].map((name) => name.toLowerCase())
  const isOfBroker = (name: string): boolean => /^broker-\d+$/.test(name) || mapped.includes(name.toLowerCase())
  if ([...certificate.names, ...certificate.uris].some(isOfBroker)) return
  throw new TailraceError('PEER_NOT_AUTHENTICATED', `The certificate of ${certificate.subject} is none of a broker.`)
}
