/** Sends requests to addresses that clients have named, and that an operator allows. */
export interface WebhookPort {
  /** Whether anybody on the internet could reach an address; null: it is the name of a host. */
  isPublic(host: string): boolean | null
  /**
   * One POST with a body of JSON, without following a redirection. Resolves with the status and the beginning of the
   * body. Rejects when no answer comes in time, when `signal` fires, or when the name of the host stands for an address
   * that is not to be reached.
   */
  post(
    address: URL,
    headers: Readonly<Record<string, string>>,
    body: string,
    signal: AbortSignal,
  ): Promise<WebhookAnswer>
}

export interface WebhookAnswer {
  readonly status: number
  readonly text: string
}

/** A key pair of Ed25519. */
export interface SigningKey {
  /** Of its public half (RFC 7638), with `ds_` before it. */
  readonly kid: string
  /** The public half as a JSON Web Key. */
  readonly jwk: Readonly<Record<string, string>>
  sign(bytes: Uint8Array): Uint8Array
}
