import { WebSocket } from 'ws'

/** RFC 6455 §7.4.1. */
export const CloseCode = {
  goingAway: 1001,
  protocolError: 1002,
  policyViolation: 1008,
  tooLarge: 1009,
  internalError: 1011,
  tryAgainLater: 1013,
} as const

const pieceBytes = 128

/** Of ws's Receiver. */
interface Received {
  readonly _bufferedBytes: number
  readonly _messageLength: number
  readonly _buffers: readonly unknown[]
  readonly _fragments: readonly unknown[]
}

/** The server's side of a WebSocket that reports a fault before it closes because of it. */
export class GatewaySocket extends WebSocket {
  /**
   * Called when ws itself is about to close: too large a message (1009), bytes that are no WebSocket frame (1002), text
   * that is not UTF-8 (1007). May send; returns the reason for the close frame.
   */
  explain: ((closeCode: number) => string) | null = null

  /**
   * The bytes that ws holds of an unfinished message, each piece with its cost beside its bytes. connection.test.ts
   * fails if its fields change.
   */
  get unfinishedBytes(): number {
    const { _bufferedBytes, _messageLength, _buffers, _fragments } = (this as unknown as { _receiver: Received })
      ._receiver
    return _bufferedBytes + _messageLength + pieceBytes * (_buffers.length + _fragments.length)
  }

  override close(code?: number, reason?: string | Buffer): void {
    // ws closes without a reason when the receiver fails, and afterwards no message can be sent any more.
    if (code !== undefined && reason === undefined && this.readyState === this.OPEN && this.explain !== null) {
      super.close(code, this.explain(code))
    } else {
      super.close(code, reason)
    }
  }
}
