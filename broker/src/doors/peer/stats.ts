/** Counters since the start, for metrics and tests. */
export interface PeerStats {
  framesSent: number
  framesReceived: number
  /** Raft messages not sent: no link to the peer, or its queue was full. */
  raftDropped: number
  /** Append messages thrown away on arrival because a batch did not match its header. */
  corruptAppends: number
  /** Connections dropped because the peer did not read. */
  slowPeers: number
  /** Connections dropped because of bytes that are no frame, or a frame out of place. */
  malformed: number
  /** Connections dropped because handling a frame of theirs, or their end, failed here: a mistake of this broker. */
  handlerFaults: number
  /** Frames above maxFrameBytes, whose bodies were dropped. */
  tooLarge: number
  /** Raft messages and announcements that were dropped because their sender is no member of the group. */
  unheard: number
  /** Messages that only a newer version knows, ignored or answered with a Failure. */
  unknownMessages: number
  connectsFailed: number
  handshakesRefused: number
}

export function noStats(): PeerStats {
  return {
    framesSent: 0,
    framesReceived: 0,
    raftDropped: 0,
    corruptAppends: 0,
    slowPeers: 0,
    malformed: 0,
    handlerFaults: 0,
    tooLarge: 0,
    unheard: 0,
    unknownMessages: 0,
    connectsFailed: 0,
    handshakesRefused: 0,
  }
}
