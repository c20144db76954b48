import { TailraceError } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'
import type { TokenIssuer } from '../../platform/node/token-verifier.ts'
import type { TokenVerifier } from '../../security/identity/authenticator.ts'
import { isPrincipalName } from '../../security/identity/principal.ts'

/**
 * Says who the bearer of a JSON web token is. Its library takes some megabytes, so it is loaded where it is needed.
 * `get`: fetches the issuer's keys; default: over the network.
 */
export async function tokenIssuer(issuer: TokenIssuer, clock: Clock, get?: typeof fetch): Promise<TokenVerifier> {
  const { tokenVerifier } = await import('../../platform/node/token-verifier.ts')
  const verify = tokenVerifier(issuer, clock, get)
  return {
    async verify(text) {
      const { name, groups, expiresAt } = await verify(text)
      if (!isPrincipalName(name)) {
        const detail = `A JSON web token: ${JSON.stringify(name.slice(0, 100))} is no name of a principal.`
        throw new TailraceError('AUTHENTICATION_FAILED', detail)
      }
      // No rule can name another group; and other brokers take a client's groups each once.
      const known = new Set(groups.filter(isPrincipalName))
      return { principal: `User:${name}`, groups: [...known].map((group) => `Group:${group}`), expiresAt }
    },
  }
}
