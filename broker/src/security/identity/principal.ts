import type { BrokerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas/tailrace-error'

/** Of a client that has shown no credential; Kafka's name for it. */
export const ANONYMOUS = 'User:ANONYMOUS'
/** In a rule: everybody. */
export const EVERYBODY = 'User:*'

/** User: a person or a service. Cascade: a broker outside of the quorum. Broker: a member of the cluster. */
export const principalKinds = ['User', 'Cascade', 'Broker'] as const
export type PrincipalKind = (typeof principalKinds)[number]

const MOST_CHARACTERS = 255

/** Letters, digits and what names of services, mail addresses and distinguished names are made of. */
const namePattern = /^[\p{L}\p{N}][\p{L}\p{N} ._@=,:/+-]*$/u

export function brokerPrincipal(id: BrokerId): string {
  return `Broker:${id}`
}

/** Whether a principal of this kind can have the name. */
export function isPrincipalName(name: string): boolean {
  return name.length <= MOST_CHARACTERS && namePattern.test(name)
}

export function isPrincipal(text: string): boolean {
  const at = text.indexOf(':')
  return at > 0 && principalKinds.some((kind) => kind === text.slice(0, at)) && isPrincipalName(text.slice(at + 1))
}

/** `User:alice` in its parts. @throws TailraceError INVALID_REQUEST */
export function parsePrincipal(text: string): { readonly kind: PrincipalKind; readonly name: string } {
  const at = text.indexOf(':')
  if (isPrincipal(text)) return { kind: text.slice(0, at) as PrincipalKind, name: text.slice(at + 1) }
  const detail = `A principal is one of ${principalKinds.join(', ')}, a colon and a name, as "User:alice".`
  throw new TailraceError('INVALID_REQUEST', detail)
}
