import type { ForeignBroker } from './node.ts'

/** Most brokers have the same protocol as the page: what reads another one is loaded when one comes. */
export const foreignBroker: ForeignBroker = async (protocolJson) => {
  const { schemasOfForeignBroker } = await import('@tailrace/schemas/foreign-streams')
  return schemasOfForeignBroker(protocolJson)
}
