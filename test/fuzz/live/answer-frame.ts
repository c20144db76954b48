import { FRAME_PREFIX_BYTES, type MessageName, MessageNumber } from '@tailrace/schemas'
import { encodeHeader } from '../../../schemas/src/protocol.ts'

/** The frame of an answer: `rest` are the bytes of its Avro header behind the correlation. */
export function answerFrame(name: MessageName, correlation: number, rest: Uint8Array): Uint8Array {
  const head = Buffer.from(encodeHeader('CascadeStatus', { correlation }, FRAME_PREFIX_BYTES))
  const frame = Buffer.concat([head, rest])
  frame.writeUInt32BE(frame.length - 4, 0)
  frame[4] = 1
  frame[5] = 0
  frame.writeUInt16BE(MessageNumber[name], 6)
  frame.writeUInt32BE(frame.length - FRAME_PREFIX_BYTES, 8)
  return new Uint8Array(frame)
}
