import type { BrokerSettings } from '../config/broker-settings.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeCrypto } from '../platform/node/crypto.ts'
import { nodeRandom } from '../platform/node/random.ts'
import type { Audit } from '../security/audit/audit-event.ts'
import { Authenticator } from '../security/identity/authenticator.ts'
import type { SecurityTables } from '../security/security-tables.ts'
import { adminTokenHash } from './admin-token.ts'
import { tokenIssuer } from './token-issuer.ts'

/**
 * The part that says who a client is. `tables`: the credentials as this broker knows them.
 * @throws TailraceError INVALID_SETTING: adminTokenFile cannot be read
 */
export async function openAuthenticator(
  settings: BrokerSettings,
  audit: Audit,
  tables: () => SecurityTables,
): Promise<Authenticator> {
  const { adminTokenFile, certificateRules, jwksUrl, jwtIssuer, jwtAudience } = settings
  const { jwtPrincipalClaim: principalClaim, jwtGroupsClaim: groupsClaim } = settings
  const adminToken = adminTokenFile === '' ? undefined : await adminTokenHash(adminTokenFile)
  const issuer = { jwksUrl, issuer: jwtIssuer, audience: jwtAudience, principalClaim, groupsClaim }
  const verifier = jwksUrl === '' ? undefined : await tokenIssuer(issuer, nodeClock)
  const platform = { clock: nodeClock, crypto: nodeCrypto, random: nodeRandom, audit }
  return new Authenticator({ ...platform, tables, adminToken, certificateRules, verifier })
}
