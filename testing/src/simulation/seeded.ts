import { pbkdf2Sync } from 'node:crypto'
import { type Crypto, nodeCrypto, type Random } from 'tailrace/embedded'
import type { SimRandom } from './sim-random.ts'

/** The randomness of a broker, or of the network, drawn from the seed: nothing here is a secret. */
export function seededRandom(random: SimRandom): Random {
  return {
    below: (bound) => random.below(bound),
    uuid: () => uuidOf(random),
    secret: (bytes) => bytesOf(random, bytes),
  }
}

export function bytesOf(random: SimRandom, bytes: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: bytes }, () => random.below(256))
}

/** Version 4, lower case. */
export function uuidOf(random: SimRandom): string {
  const hex = (digits: number): string => random.next().toString(16).padStart(8, '0').slice(0, digits)
  return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(8)}${hex(4)}`
}

/** Derives keys at once, since the end of a thread is no event of the simulated world. */
export const promptCrypto: Crypto = {
  ...nodeCrypto,
  pbkdf2: async (name, password, salt, iterations) =>
    pbkdf2Sync(password, salt, iterations, name === 'sha256' ? 32 : 64, name),
}
