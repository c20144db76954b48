import type { MessageName, MessageShapes } from './messages.ts'
import { MessageNumber } from './messages.ts'
import { isCorrelated } from './protocol.ts'

/** Requests that come over WebSocket, from clients and cascade brokers: brokers do not make them of each other. */
const ofClients = [
  'InitProducer',
  'Metadata',
  'Brokers',
  'Authenticate',
  'CascadeBeat',
  'CascadeTopics',
  'CascadeSecurity',
] as const satisfies readonly MessageName[]

type Request = {
  [Name in MessageName]: `${Name}Reply` extends MessageName
    ? MessageShapes[Name] extends { correlation: number }
      ? Name
      : never
    : never
}[MessageName]

/** A request between brokers: a message with a correlation, to which there is a reply of its own. */
export type PeerRequestName = Exclude<Request, (typeof ofClients)[number]>

/** All of them, as they follow from the messages. */
export const peerRequestNames: readonly PeerRequestName[] = (Object.keys(MessageNumber) as MessageName[]).filter(
  isPeerRequest,
)

function isPeerRequest(name: MessageName): name is PeerRequestName {
  const isOfClients = (ofClients as readonly MessageName[]).includes(name)
  return Object.hasOwn(MessageNumber, `${name}Reply`) && isCorrelated(name) && !isOfClients
}
