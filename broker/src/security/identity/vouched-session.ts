import { TailraceError } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import { parsePrincipal } from './principal.ts'
import type { CredentialKind, Session } from './session.ts'

/** What a client can show to a cascade broker. An admin token means something to the broker that has it alone. */
const kinds: readonly string[] = ['none', 'scram', 'token', 'jwt', 'certificate'] satisfies readonly CredentialKind[]

/**
 * The session of a client for which a cascade broker asks: each request needs the rights of both, and the scope of the
 * cascade broker's token. Other clients speak for nobody: what they say of an asker is ignored.
 * @throws TailraceError AUTHORIZATION_FAILED: nobody that a cascade broker could ask for
 */
export function vouchedSession(session: Session, asker: Asker): Session {
  if (!session.principal.startsWith('Cascade:')) return session
  const { principal, groups, host, kind } = asker
  if (!kinds.includes(kind) || parsePrincipal(principal).kind === 'Broker') {
    const detail = `${session.principal} may not ask in the name of ${principal} (${kind}).`
    throw new TailraceError('AUTHORIZATION_FAILED', detail)
  }
  const via = [...asker.via, { principal: session.principal, host: session.host }]
  const { expiresAt, scope } = session
  const shown = { principal, groups, host, kind: kind as CredentialKind, credential: '' }
  return { ...shown, expiresAt, scope, via, vouchedBy: session }
}
