import type { BrokerSettings } from '../../config/broker-settings.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import type { Audit } from '../../security/audit/audit-event.ts'
import { Authenticator } from '../../security/identity/authenticator.ts'
import type { SecurityTables } from '../../security/security-tables.ts'
import type { FollowedFile } from './followed-file.ts'
import { tokenIssuer } from './token-issuer.ts'

/**
 * The part that says who a client is. `tables`: the credentials as this broker knows them.
 * `adminToken`: null without one.
 */
export async function openAuthenticator(
  settings: BrokerSettings,
  audit: Audit,
  tables: () => SecurityTables,
  adminToken: Pick<FollowedFile<Uint8Array>, 'current'> | null,
): Promise<Authenticator> {
  const { certificateRules, jwksUrl, jwtIssuer, jwtAudience } = settings
  const { jwtPrincipalClaim: principalClaim, jwtGroupsClaim: groupsClaim } = settings
  const issuer = { jwksUrl, issuer: jwtIssuer, audience: jwtAudience, principalClaim, groupsClaim }
  const verifier = jwksUrl === '' ? undefined : await tokenIssuer(issuer, nodeClock)
  const platform = { clock: nodeClock, crypto: nodeCrypto, random: nodeRandom, audit }
  return new Authenticator({ ...platform, tables, adminToken: adminToken?.current, certificateRules, verifier })
}
