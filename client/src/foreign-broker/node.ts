import type { MessageDecoder } from '@tailrace/schemas'
import { schemasOfForeignBroker } from '@tailrace/schemas/foreign-streams'

/** How a broker with another protocol is read, and what is sent to it first. */
export type ForeignBroker = (protocolJson: string) => Promise<{ decoder: MessageDecoder; answer: Uint8Array[] }>

/** @throws TailraceError INCOMPATIBLE_PEER */
export const foreignBroker: ForeignBroker = async (protocolJson) => schemasOfForeignBroker(protocolJson)
