import { TailraceError } from '@tailrace/schemas'
import type { BrokerSettings } from '../config/broker-settings.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeCrypto } from '../platform/node/crypto.ts'
import { nodeRandom } from '../platform/node/random.ts'
import type { TokenIssuer } from '../platform/node/token-verifier.ts'
import type { Audit } from '../security/audit/audit-event.ts'
import { Authenticator, type TokenVerifier } from '../security/identity/authenticator.ts'
import { isPrincipalName } from '../security/identity/principal.ts'
import type { SecurityTables } from '../security/security-tables.ts'
import { adminTokenHash } from './admin-token.ts'

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
  const verifier = jwksUrl === '' ? undefined : await verifierOf(issuer)
  const platform = { clock: nodeClock, crypto: nodeCrypto, random: nodeRandom, audit }
  return new Authenticator({ ...platform, tables, adminToken, certificateRules, verifier })
}

/** Its library takes some megabytes, so it is loaded where it is needed. */
async function verifierOf(issuer: TokenIssuer): Promise<TokenVerifier> {
  const { tokenVerifier } = await import('../platform/node/token-verifier.ts')
  const verify = tokenVerifier(issuer, nodeClock)
  return {
    async verify(text) {
      const { name, groups, expiresAt } = await verify(text)
      if (!isPrincipalName(name)) {
        const detail = `A JSON web token: ${JSON.stringify(name.slice(0, 100))} is no name of a principal.`
        throw new TailraceError('AUTHENTICATION_FAILED', detail)
      }
      return { principal: `User:${name}`, groups: groups.map((group) => `Group:${group}`), expiresAt }
    },
  }
}
