export { protocolJson } from '../avro/generated.ts'
