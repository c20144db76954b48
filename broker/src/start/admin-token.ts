import { TailraceError } from '@tailrace/schemas'
import { nodeCrypto } from '../platform/node/crypto.ts'
import { nodeRandom } from '../platform/node/random.ts'
import { makeSecretFile, readSecretFile } from '../platform/node/secret-file.ts'

/** Shorter ones could be guessed. */
const LEAST_TOKEN_CHARACTERS = 24

/** Makes the file, with a random token, unless there is one. */
export function makeAdminToken(path: string): Promise<void> {
  return makeSecretFile(path, () => `admin-${Buffer.from(nodeRandom.secret(32)).toString('base64url')}\n`)
}

/**
 * The SHA-256 of the token in the file, which is made where it is missing.
 * @throws TailraceError INVALID_SETTING: the file cannot be used
 */
export async function adminTokenHash(path: string): Promise<Uint8Array> {
  let token: string
  try {
    await makeAdminToken(path)
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
