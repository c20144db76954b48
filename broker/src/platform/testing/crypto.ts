import { pbkdf2Sync } from 'node:crypto'
import type { Crypto } from '../crypto.ts'
import { nodeCrypto } from '../node/crypto.ts'

/** Does all its work at once, so that a test that owns the clock waits for no thread. */
export const promptCrypto: Crypto = {
  ...nodeCrypto,
  pbkdf2: async (name, password, salt, iterations) =>
    pbkdf2Sync(password, salt, iterations, name === 'sha256' ? 32 : 64, name),
}
