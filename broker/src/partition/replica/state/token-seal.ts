import type { GroupId, LogIndex, Term } from '@tailrace/schemas'
import type { ReadToken } from '../../requests.ts'
import { sipHash } from './sip-hash.ts'

const KEY_BYTES = 16
const HALF = 2 ** 32

/**
 * M95: a replica commits by a token, so it must be one that a leader of this cluster has given out. The seal is a keyed
 * hash over group, term and index; only the brokers know the key. As long as a broker belongs to no cluster, it gives
 * no tokens and takes none.
 */
export class TokenSeal {
  readonly #message = new DataView(new ArrayBuffer(24))
  #key: DataView | null = null

  /** `secret`: the same on all brokers of the cluster; its first 16 bytes are the key. */
  useSecret(secret: Uint8Array): void {
    if (secret.length < KEY_BYTES) throw new RangeError(`a secret of ${secret.length} bytes`)
    this.#key = new DataView(secret.slice(0, KEY_BYTES).buffer)
  }

  /** The token of an entry; null before there is a secret. */
  tokenOf(group: GroupId, term: Term, index: LogIndex): ReadToken | null {
    const seal = this.#sealOf(group, term, index)
    return seal === null ? null : { term, index, seal }
  }

  isGenuine(group: GroupId, { term, index, seal }: ReadToken): boolean {
    const right = this.#sealOf(group, term, index)
    if (right === null || seal.length !== right.length) return false
    // As long for every wrong one: time must not tell how many digits of a guess are right.
    let difference = 0
    for (let at = 0; at < right.length; at++) difference |= seal.charCodeAt(at) ^ right.charCodeAt(at)
    return difference === 0
  }

  #sealOf(group: GroupId, term: Term, index: LogIndex): string | null {
    if (this.#key === null) return null
    this.#put(0, group)
    this.#put(8, term)
    this.#put(16, index)
    return sipHash(this.#key, this.#message)
  }

  #put(at: number, value: number): void {
    this.#message.setUint32(at, value % HALF, true)
    this.#message.setUint32(at + 4, Math.floor(value / HALF), true)
  }
}
