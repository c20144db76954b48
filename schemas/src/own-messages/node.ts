export { protocolFingerprint } from '../avro/generated.ts'
export { codecs } from '../avro/generated-codecs/table.ts'
