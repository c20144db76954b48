import { WebSocket } from 'ws'

/** RFC 6455 §7.4.1. */
export const CloseCode = {
  goingAway: 1001,
  protocolError: 1002,
  tooLarge: 1009,
  internalError: 1011,
  tryAgainLater: 1013,
} as const

/** A server's side of a WebSocket that says what is wrong before it closes because of it. */
export class GatewaySocket extends WebSocket {
  /**
   * Called when ws itself is about to close: too large a message (1009), bytes that are no WebSocket frame (1002), text that is not UTF-8 (1007).
   * May send; returns the reason for the close frame.
   */
  explain: ((closeCode: number) => string) | null = null

  override close(code?: number, reason?: string | Buffer): void {
    // ws closes without a reason when the receiver fails, and after it nothing can be sent any more.
    if (code !== undefined && reason === undefined && this.readyState === this.OPEN && this.explain !== null) {
      super.close(code, this.explain(code))
    } else {
      super.close(code, reason)
    }
  }
}
