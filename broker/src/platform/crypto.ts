export type HashName = 'sha256' | 'sha512'

/** Hashes and keyed hashes: functions of their arguments alone. Random bytes for secrets: `Random.secret`. */
export interface Crypto {
  hash(name: HashName, bytes: Uint8Array): Uint8Array
  hmac(name: HashName, key: Uint8Array, bytes: Uint8Array): Uint8Array
  /** RFC 8018, the length of the hash. It takes milliseconds of a thread, not of the event loop. */
  pbkdf2(name: HashName, password: Uint8Array, salt: Uint8Array, iterations: number): Promise<Uint8Array>
  /** In a time that does not depend on where they differ. False for other lengths. */
  equal(one: Uint8Array, other: Uint8Array): boolean
}
