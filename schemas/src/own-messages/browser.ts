import { codecs } from '../avro/generated-codecs/sdk-table.ts'
import type { MessageName } from '../messages.ts'

export { protocolFingerprint } from '../avro/generated-codecs/sdk-table.ts'
export { codecs }

/** All replies that are known here are those to clients. */
export const repliesToClients = (Object.keys(codecs) as MessageName[]).filter((name) => name.endsWith('Reply'))
