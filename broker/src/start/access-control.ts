import { TailraceError } from '@tailrace/schemas'
import type { BrokerSettings } from '../config/broker-settings.ts'
import type { Logger } from '../platform/logger.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeCrypto } from '../platform/node/crypto.ts'
import { nodeRandom } from '../platform/node/random.ts'
import { makeSecretFile, readSecretFile } from '../platform/node/secret-file.ts'
import { Authorizer } from '../security/access/authorizer.ts'
import { Authenticator } from '../security/identity/authenticator.ts'
import type { SecurityTables } from '../security/security-tables.ts'

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

/** Shorter ones could be guessed. */
const LEAST_TOKEN_CHARACTERS = 24

async function adminTokenHash(path: string): Promise<Uint8Array> {
  const fresh = (): string => `admin-${Buffer.from(nodeRandom.secret(32)).toString('base64url')}`
  let token: string
  try {
    await makeSecretFile(path, () => `${fresh()}\n`)
    token = (await readSecretFile(path)).trim()
  } catch (cause) {
    throw new TailraceError('INVALID_SETTING', `adminTokenFile: ${(cause as Error).message}.`, { cause })
  }
  if (token.length < LEAST_TOKEN_CHARACTERS) {
    const detail = `adminTokenFile: ${path} holds ${token.length} characters; a token has ${LEAST_TOKEN_CHARACTERS} at least.`
    throw new TailraceError('INVALID_SETTING', detail)
  }
  return nodeCrypto.hash('sha256', new TextEncoder().encode(token))
}
