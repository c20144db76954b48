import type { BrokerSettings } from '../../config/broker-settings.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Crypto } from '../../platform/crypto.ts'
import type { Random } from '../../platform/random.ts'
import type { Audit } from '../../security/audit/audit-event.ts'
import { Authenticator } from '../../security/identity/authenticator.ts'
import type { SecurityTables } from '../../security/security-tables.ts'
import type { FollowedFile } from './followed-file.ts'
import { tokenIssuer } from './token-issuer.ts'

interface AuthenticatorPlatform {
  readonly clock: Clock
  readonly crypto: Crypto
  readonly random: Random
  readonly audit: Audit
}

/**
 * The part that says who a client is. `tables`: the credentials as this broker knows them.
 * `adminToken`: null without one.
 */
export async function openAuthenticator(
  settings: BrokerSettings,
  platform: AuthenticatorPlatform,
  tables: () => SecurityTables,
  adminToken: Pick<FollowedFile<Uint8Array>, 'current'> | null,
): Promise<Authenticator> {
  const { certificateRules, jwksUrl, jwtIssuer, jwtAudience } = settings
  const { jwtPrincipalClaim: principalClaim, jwtGroupsClaim: groupsClaim } = settings
  const issuer = { jwksUrl, issuer: jwtIssuer, audience: jwtAudience, principalClaim, groupsClaim }
  const verifier = jwksUrl === '' ? undefined : await tokenIssuer(issuer, platform.clock)
  return new Authenticator({ ...platform, tables, adminToken: adminToken?.current, certificateRules, verifier })
}
