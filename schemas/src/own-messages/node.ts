import { codecs } from '../avro/generated-codecs/table.ts'
import type { MessageName } from '../messages.ts'
import { clientMessages } from './client-messages.ts'

export { protocolFingerprint } from '../avro/generated.ts'
export { codecs }

/** What a broker answers to the messages that a client may send. */
export const repliesToClients: readonly MessageName[] = clientMessages
  .map((name) => `${name}Reply` as MessageName)
  .filter((name) => Object.hasOwn(codecs, name))
