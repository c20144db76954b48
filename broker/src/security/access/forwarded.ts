import { TailraceError } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import type { Operation, Resource } from '../../api/security-api.ts'
import type { CredentialKind } from '../identity/session.ts'
import type { Authorizer } from './authorizer.ts'

export type Needed = readonly [Operation, Resource]

/**
 * Asks the rules of this broker for a client of another one, which vouches for who the client is and has applied the
 * scope of its token. `needed`: any of them is enough.
 * @throws TailraceError AUTHORIZATION_FAILED
 */
export function checkForwarded(authorizer: Authorizer, asker: Asker, needed: readonly Needed[]): void {
  const { principal, groups, host, via } = asker
  const asked = { principal, groups, host, via, kind: asker.kind as CredentialKind, scope: null }
  if (needed.some(([operation, resource]) => authorizer.decide(asked, operation, resource).allowed)) return
  const [operation, { type, name }] = needed[0]!
  const what = type === 'cluster' ? 'the cluster' : `${type} "${name}"`
  const by = via.length === 0 ? '' : ` by way of ${via.map((voucher) => voucher.principal).join(', ')}`
  throw new TailraceError('AUTHORIZATION_FAILED', `${principal}${by} may not ${operation} on ${what}.`)
}
