export { errorRow } from '#error-rows'
export { protocolFingerprint as sdkProtocolFingerprint } from './avro/generated-codecs/sdk-table.ts'
export * from './backoff.ts'
export * from './cascade-messages.ts'
export * from './client-id.ts'
export * from './consumer-groups/disconnect-grace.ts'
export * from './consumer-groups/messages.ts'
export * from './crc32c.ts'
export * from './entry.ts'
export * from './errors.ts'
export { correlationOfUnknown } from './foreign/unknown-message.ts'
export * from './formats.ts'
export {
  encodeFrame,
  FRAME_PREFIX_BYTES,
  type Frame,
  type FrameOf,
  MAX_FRAME_HEADER_BYTES,
  parseFrame,
  parseFramePieces,
} from './frame.ts'
export * from './frame-reader.ts'
export * from './ids.ts'
export * from './log-levels.ts'
export * from './messages.ts'
export * from './metadata-intents.ts'
export * from './murmur2.ts'
export * from './names.ts'
export * from './own-messages/broker-messages.ts'
export * from './own-messages/client-messages.ts'
export * from './password.ts'
export * from './peer-messages.ts'
export * from './peer-requests.ts'
export * from './position.ts'
export {
  decoderOfOnly,
  type MessageDecoder,
  messageName,
  ownDecoder,
  protocolFingerprint,
} from './protocol.ts'
export { mayStillHold } from './publish-errors.ts'
export * from './read-token.ts'
export * from './record-batch/index.ts'
export * from './short-text.ts'
export * from './stream-schemas.ts'
export * from './streams/messages.ts'
export * from './tailrace-error.ts'
export * from './tls-faults.ts'
export { errorTold, type ToldError } from './told-error.ts'
export * from './varint.ts'
