import type { Duplex } from 'node:stream'

/**
 * Begins a connection to `host:port`, to the port for clients of another broker: a stream that can do what
 * a `Socket` of node:net can. That it does not open is an error of the stream.
 */
export type Dial = (address: string) => Duplex
