import { TailraceError } from '@tailrace/schemas'
import type { BrokerSettings } from '../../config/broker-settings.ts'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { makeSecretFile } from '../../platform/node/secret-file.ts'
import { type FollowedFile, type FollowedFileDeps, followFile } from './followed-file.ts'

/** Shorter ones could be guessed. */
const LEAST_TOKEN_CHARACTERS = 24

/** Makes the file, with a random token, unless there is one. */
export function makeAdminToken(path: string): Promise<void> {
  return makeSecretFile(path, () => `admin-${Buffer.from(nodeRandom.secret(32)).toString('base64url')}\n`)
}

/**
 * The SHA-256 of the token in the file of adminTokenFile, which is made where it is missing; null where the setting is
 * not set. Another token in the file counts from then on, and ends the sessions of the one before.
 * @throws TailraceError INVALID_SETTING: the file cannot be used
 */
export async function openAdminToken(
  { adminTokenFile: path }: Pick<BrokerSettings, 'adminTokenFile'>,
  deps: FollowedFileDeps,
): Promise<FollowedFile<Uint8Array> | null> {
  if (path === '') return null
  try {
    await makeAdminToken(path)
  } catch (cause) {
    throw new TailraceError('INVALID_SETTING', `adminTokenFile: ${(cause as Error).message}.`, { cause })
  }
  return followFile('adminTokenFile', path, 'the admin token', (text) => hashOf(text.trim(), path), deps)
}

function hashOf(token: string, path: string): Uint8Array {
  if (token.length < LEAST_TOKEN_CHARACTERS) {
    const detail = `adminTokenFile: ${path} holds ${token.length} characters; a token has ${LEAST_TOKEN_CHARACTERS} at least.`
    throw new TailraceError('INVALID_SETTING', detail)
  }
  return nodeCrypto.hash('sha256', new TextEncoder().encode(token))
}
