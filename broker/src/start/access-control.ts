import type { BrokerSettings } from '../config/broker-settings.ts'
import type { Logger } from '../platform/logger.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeCrypto } from '../platform/node/crypto.ts'
import { nodeRandom } from '../platform/node/random.ts'
import { Authorizer } from '../security/access/authorizer.ts'
import { Authenticator } from '../security/identity/authenticator.ts'
import type { SecurityTables } from '../security/security-tables.ts'
import { adminTokenHash } from './admin-token.ts'

export interface AccessControl {
  readonly authorizer: Authorizer
  readonly authenticator: Authenticator
}

/**
 * The parts that say who a client is and what it may do. `tables`: the rules and credentials as this broker knows them.
 * @throws TailraceError INVALID_SETTING: adminTokenFile cannot be read
 */
export async function accessControl(
  { authentication: mode, superUsers, adminTokenFile }: BrokerSettings,
  log: Logger,
  tables: () => SecurityTables,
): Promise<AccessControl> {
  const [clock, crypto, random] = [nodeClock, nodeCrypto, nodeRandom]
  const adminToken = adminTokenFile === '' ? undefined : await adminTokenHash(adminTokenFile)
  return {
    authorizer: new Authorizer({ mode, superUsers, tables }),
    authenticator: new Authenticator({ clock, crypto, random, log, tables, adminToken }),
  }
}
