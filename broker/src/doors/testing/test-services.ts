import type { LogLevel } from '@tailrace/schemas'
import { Registry } from 'prom-client'
import type { LogLevelApi } from '../../api/log-level-api.ts'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import { Authorizer, type AuthorizerDeps } from '../../security/access/authorizer.ts'
import { noAudit } from '../../security/audit/audit-event.ts'
import { Authenticator, type AuthenticatorDeps } from '../../security/identity/authenticator.ts'
import { anonymousSession } from '../../security/identity/session.ts'
import { noTables } from '../../security/security-tables.ts'
import { gatewayMetrics } from '../limits/metrics.ts'
import { QuotaKeeper } from '../limits/quotas/quota-keeper.ts'
import { SenderQuotas } from '../limits/quotas/sender-quotas.ts'
import type { Sender } from '../limits/request-context.ts'
import { Rights, type Services } from '../limits/rights.ts'

export type TestAccess = Partial<AuthorizerDeps & AuthenticatorDeps & Pick<Services, 'audit'>>

/** The services behind a door; `access`: who may do what, by default everybody everything. */
export function testServices(
  services: Omit<Services, 'authorizer' | 'authenticator' | 'audit' | 'logLevel'>,
  access: TestAccess = {},
): Services {
  const { mode = 'off', superUsers = [], tables = () => noTables } = access
  const parts = {
    clock: new ManualClock(0),
    crypto: nodeCrypto,
    random: nodeRandom,
    audit: access.audit ?? noAudit,
    ...access,
  }
  return {
    ...services,
    logLevel: manualLogLevel(),
    quotas: () => tables().quotas,
    audit: access.audit ?? noAudit,
    authorizer: new Authorizer({ mode, superUsers, tables }),
    authenticator: new Authenticator({ ...parts, tables }),
  }
}

const none = new Map()

/** A quota of the services is used up at once: the clock stands still. */
export function testQuotas({ quotas = () => none }: Pick<Services, 'quotas'> = {}): QuotaKeeper {
  const { throttled: metrics } = gatewayMetrics(new Registry())
  return new QuotaKeeper({ clock: new ManualClock(0), log: silentLogger, metrics, quotas })
}

/** A client on this machine that has shown no credential. */
export function testSender(services: Services, client = '127.0.0.1'): Sender {
  const rights = new Rights(services, anonymousSession(client))
  const kept = new SenderQuotas(testQuotas(services), () => rights.session.principal, { clientId: '', address: client })
  return { client, clientId: '', access: 'write', secret: true, rights, quotas: kept }
}

function manualLogLevel(): LogLevelApi {
  let level: LogLevel = 'info'
  return {
    logLevel: async () => level,
    async setLogLevel(next) {
      const before = level
      level = next
      return { level, before }
    },
  }
}
