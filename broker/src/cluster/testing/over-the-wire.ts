import type { Message, MessageName } from '@tailrace/schemas'
import { encodeFrame, parseFrame } from '@tailrace/schemas'

/**
 * The fields as the receiver of the message gets them; fields that the wire cannot carry fail here as they would there.
 */
export function overTheWire<Name extends MessageName>(name: Name, fields: Message<Name>): Message<Name> {
  return parseFrame(Buffer.concat(encodeFrame(name, fields))).fields as Message<Name>
}
