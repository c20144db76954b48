/** Byte streams between brokers. The simulator and platform/node each have their own. */
export interface Network {
  /** Listens on `host:port`; port 0 picks a free one. Rejects if the address is taken or malformed. */
  listen(address: string, onStream: (stream: ByteStream) => void): Promise<Listener>
  /** Connects; rejects if no program answers within `timeoutMs`. */
  connect(address: string, timeoutMs: number): Promise<ByteStream>
}

export interface Listener {
  /** The address that others can reach, with the real port. */
  readonly address: string
  close(): Promise<void>
}

/** The certificate of the other end of a TLS connection. A CA that this side trusts has signed it. */
export interface PeerCertificate {
  /** DNS names of its subject alternative names, in lower case. */
  readonly names: readonly string[]
  /** URIs of its subject alternative names. */
  readonly uris: readonly string[]
  /** Distinguished names in the form of RFC 4514's examples: `CN=alice,O=Example`. */
  readonly subject: string
  readonly issuer: string
  /** SHA-256 of the certificate, 64 hexadecimal digits. */
  readonly fingerprint: string
  /** Unix milliseconds. */
  readonly validUntil: number
}

export interface ByteStream {
  readonly remote: string
  /** Whether the bytes go through TLS. */
  readonly encrypted: boolean
  /** Null: the other end has shown none, or the connection is plain. One that is not trusted ends the connection. */
  readonly certificate: PeerCertificate | null
  /** Handlers; set once, right after the caller gets the stream. `onData` chunks belong to the receiver. */
  onData: (chunk: Uint8Array) => void
  /** Once, when the stream is gone for whatever reason, `destroy` included; never within a call to the stream. */
  onClose: (error: Error | null) => void
  /** The kernel has taken the bytes that were queued above some mark. */
  onDrain: () => void
  /**
   * Queues the pieces, back to back. Pieces must not change afterwards. Flushed together at `uncork` or at the end of
   * the turn.
   */
  write(pieces: readonly Uint8Array[]): void
  /** Bytes queued and not yet taken by the kernel. */
  readonly queuedBytes: number
  /** Stops or resumes onData: back-pressure on the sender. */
  pause(): void
  resume(): void
  /** Drops the connection at once. */
  destroy(): void
}
