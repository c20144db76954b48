import { pbkdf2Sync } from 'node:crypto'
import type { Crypto } from '../crypto.ts'
import { nodeCrypto } from '../node/crypto.ts'

/** Does all its work at once, so that a test that owns the clock waits for no thread. */
export const promptCrypto: Crypto = {
  ...nodeCrypto,
  pbkdf2: async (name, password, salt, iterations) =>
    pbkdf2Sync(password, salt, iterations, name === 'sha256' ? 32 : 64, name),
}

/** Derives keys in one step: a derived key costs milliseconds, a hundred times what the rest of a request does. */
export const quickCrypto: Crypto = {
  ...nodeCrypto,
  pbkdf2: async (name, password, salt) => nodeCrypto.hmac(name, salt, password),
}
