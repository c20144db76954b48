/** Messages of a broker process to the process that supervises it, over the channel that Node opens between the two. */
export interface StartedMessage {
  readonly tailrace: 'started'
  readonly http: string
  readonly peer: string
}

export function isStartedMessage(message: unknown): message is StartedMessage {
  return typeof message === 'object' && message !== null && (message as { tailrace?: unknown }).tailrace === 'started'
}

/**
 * The channel to a supervisor, if this process has one. A supervisor closes the channel to stop a broker; the channel
 * also closes when the supervisor dies.
 */
export interface Supervisor {
  tell(message: StartedMessage): void
  /** Calls once, when the channel is closed from the other side, or at once if it is already. */
  onGone(call: () => void): void
}

export function supervisorOf(self: NodeJS.Process): Supervisor | null {
  if (self.send === undefined) return null
  return {
    // A supervisor that has just died takes no message; onGone reports its end.
    tell: (message) => void self.send!(message, undefined, undefined, () => undefined),
    onGone: (call) => {
      if (self.connected) self.once('disconnect', call)
      else call()
    },
  }
}
