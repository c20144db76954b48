import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Crypto } from '../crypto.ts'

const derive = promisify(pbkdf2)
const lengths = { sha256: 32, sha512: 64 } as const

export const nodeCrypto: Crypto = {
  hash: (name, bytes) => createHash(name).update(bytes).digest(),
  hmac: (name, key, bytes) => createHmac(name, key).update(bytes).digest(),
  pbkdf2: (name, password, salt, iterations) => derive(password, salt, iterations, lengths[name], name),
  equal: (one, other) => one.length === other.length && timingSafeEqual(one, other),
}
