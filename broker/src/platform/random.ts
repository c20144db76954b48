/** Randomness, passed in so that one seed replays one history. */
export interface Random {
  /** A uniform integer in [0, bound). */
  below(bound: number): number
  /** A random UUID (version 4), lower case. */
  uuid(): string
  /** Bytes that nobody can guess. */
  secret(bytes: number): Uint8Array
}
