export { protocolJson } from '../avro/generated-sdk.ts'
