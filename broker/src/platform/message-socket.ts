/** Connections that carry whole binary messages (WebSocket), from the side that opens them. */
export interface MessageSockets {
  /**
   * To `host:port` and a path there, with TLS or without as these sockets are. Rejects with a TailraceError where the
   * other end refuses the connection or TLS fails, else with an Error when no program answers within `timeoutMs`.
   */
  connect(
    address: string,
    path: string,
    options: { readonly timeoutMs: number; readonly maxMessageBytes: number },
  ): Promise<MessageSocket>
}

export interface MessageSocket {
  /**
   * Handlers; set once, right after the caller gets the socket: earlier messages are passed on then. `onMessage` bytes
   * belong to the receiver.
   */
  set onMessage(listener: (bytes: Uint8Array) => void)
  /** Once, when the connection is gone, `destroy` included. */
  onClose: (reason: string) => void
  /** Sends the pieces back to back as one message. They must not change afterwards. */
  send(pieces: readonly Uint8Array[]): void
  /** Bytes sent that the network has not taken yet. */
  readonly queuedBytes: number
  /** Drops the connection at once. */
  destroy(): void
}
