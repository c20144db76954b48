import { FRAME_PREFIX_BYTES, frameHeaderAt, headerBytesAt, messageNumberAt } from '../frame.ts'
import { type MessageDecoder, messageName } from '../protocol.ts'

/**
 * Of a frame that parseFrame refuses because only the writer's protocol knows its message: the correlation under which
 * the writer waits for an answer, null where it waits for none. Undefined: the frame is refused for another reason.
 */
export function correlationOfUnknown(frame: Uint8Array, decoder: MessageDecoder): number | null | undefined {
  if (decoder.correlationOfUnknown === undefined || frame.length < FRAME_PREFIX_BYTES) return undefined
  const number = messageNumberAt(frame, 0)
  if (messageName(number) !== undefined || headerBytesAt(frame, 0) > frame.length - FRAME_PREFIX_BYTES) return undefined
  return decoder.correlationOfUnknown(number, frameHeaderAt(frame, 0))
}
