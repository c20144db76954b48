import { TailraceError } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import type { Operation } from '../../api/security-api.ts'
import type { CredentialKind } from '../identity/session.ts'
import type { Authorizer } from './authorizer.ts'

/**
 * Asks the rules of this broker as well for a client of another broker, which vouches for who the client is and has
 * applied the scope of its token.
 * @throws TailraceError AUTHORIZATION_FAILED
 */
export function checkForwarded(authorizer: Authorizer, asker: Asker, operation: Operation, topic: string): void {
  const { principal, groups, host } = asker
  const asked = { principal, groups, host, kind: asker.kind as CredentialKind, scope: null }
  if (authorizer.decide(asked, operation, { type: 'topic', name: topic }).allowed) return
  throw new TailraceError('AUTHORIZATION_FAILED', `${principal} may not ${operation} on topic "${topic}".`)
}
