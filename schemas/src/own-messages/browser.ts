export { codecs, protocolFingerprint } from '../avro/generated-codecs/sdk-table.ts'
