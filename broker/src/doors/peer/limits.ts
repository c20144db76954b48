/** Bounds of the peer transport. Bytes and milliseconds. */
export interface PeerLimits {
  /** Largest frame accepted from a peer; checked before anything is allocated for it. */
  readonly maxFrameBytes: number
  /** Unsent bytes at which a peer counts as stuck: its connection is dropped, which frees them. */
  readonly maxQueuedBytes: number
  /** Before it has said who it is, and proved that if it must, a connection may send frames of this size at most. */
  readonly maxUnknownFrameBytes: number
  /**
   * From then on until its handshake is done, which must be in this time. This frame has all schemas of the other
   * broker: those of this version are 60 KiB.
   */
  readonly maxHandshakeFrameBytes: number
  /** Of a frame, kept for what stands before the body of a request. */
  readonly maxHeaderBytes: number
  readonly handshakeTimeoutMs: number
  /** Incoming connections whose handshake is not done; the oldest is dropped for a new one. */
  readonly maxUnknownConnections: number
  readonly connectTimeoutMs: number
  readonly minBackoffMs: number
  readonly maxBackoffMs: number
  /** A silent link is probed this often, and dropped after `maxSilentProbes` probes without an answer. */
  readonly probeMs: number
  readonly maxSilentProbes: number
  /** Requests sent to one peer and not answered: more are refused with OVERLOADED. */
  readonly maxRequests: number
  readonly maxRequestBytes: number
  /** Requests of one peer taken in and not answered; twice as many as an honest peer sends. */
  readonly maxInboundRequests: number
  readonly maxInboundRequestBytes: number
  /** Addresses dialled beside those of the join list, learnt from brokers that connected here. */
  readonly maxLearntAddresses: number
}

const MiB = 1024 * 1024

export const defaultPeerLimits: PeerLimits = {
  maxFrameBytes: 32 * MiB,
  maxQueuedBytes: 64 * MiB,
  maxUnknownFrameBytes: 64 * 1024,
  maxHandshakeFrameBytes: 256 * 1024,
  maxHeaderBytes: 64 * 1024,
  handshakeTimeoutMs: 5000,
  maxUnknownConnections: 64,
  connectTimeoutMs: 1000,
  minBackoffMs: 50,
  maxBackoffMs: 1000,
  probeMs: 4000,
  maxSilentProbes: 2,
  maxRequests: 4096,
  maxRequestBytes: 32 * MiB,
  maxInboundRequests: 8192,
  maxInboundRequestBytes: 64 * MiB,
  maxLearntAddresses: 256,
}
