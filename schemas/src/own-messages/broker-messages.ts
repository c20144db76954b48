import { repliesToClients } from '#own-messages'
import type { MessageName } from '../messages.ts'
import { decoderOfOnly } from '../protocol.ts'

/** What a broker sends that is no reply to one request. */
const pushed = ['Failure', 'Subscribed', 'Records', 'SubscriptionEnd'] as const satisfies readonly MessageName[]

/** What a broker may send on a stream behind its schemas. */
export const brokerMessages: readonly MessageName[] = [...pushed, ...repliesToClients]

/** Reads what a broker sends whose protocol is ours, and of any other message no more than the correlation. */
export const brokerDecoder = decoderOfOnly(new Set(brokerMessages))
