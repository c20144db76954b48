import type { TailraceError } from '@tailrace/schemas'
import type { ClientSurroundings } from '../surroundings.ts'

/**
 * Events of a socket. That it is open shows by the first message, for brokers send first. `closed` comes exactly once,
 * whatever went wrong, also when it never opened.
 */
export interface SocketEvents {
  /** One binary message. The bytes stay valid and unchanged. */
  message(bytes: Uint8Array): void
  /** `refusal`: the error with which the other end, or the check of its certificate, refused the connection. */
  closed(reason: string, refusal?: TailraceError): void
}

/**
 * A WebSocket that carries binary messages; one implementation for Node, one for browsers (package.json, "imports").
 */
export interface Socket {
  /** Sends the pieces as one message. They must not be changed afterwards. */
  send(pieces: readonly Uint8Array[]): void
  /** Bytes handed to `send` that the network has not taken yet. */
  readonly bufferedBytes: number
  /** Sends what is buffered, then ends the connection. */
  close(): void
  /** Drops the connection and what is buffered at once. */
  destroy(): void
}

export interface SocketSettings {
  /** A longer incoming message ends the connection. */
  readonly maxMessageBytes: number
  readonly connectTimeoutMs: number
  /** Of `prepareTls` of the same implementation; undefined where no address asks for it. */
  readonly tls?: ClientTls | undefined
  /** Default: the machine's. */
  readonly surroundings?: ClientSurroundings | undefined
}

/** TLS of one client, as its implementation needs it. */
export type ClientTls = object

export type OpenSocket = (url: string, settings: SocketSettings, events: SocketEvents) => Socket

/** Joins a message's pieces for sockets that take one piece only, and for messages too small to be worth several. */
export function join(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!
  let length = 0
  for (const piece of pieces) length += piece.length
  const joined = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    joined.set(piece, at)
    at += piece.length
  }
  return joined
}
