import type { MessageName } from '../messages.ts'

/**
 * What an SDK sends to a broker, and what it reads. In a browser it has the codecs and schemas of these messages alone,
 * as a protocol with a fingerprint of its own, which brokers of the same version know: a page is not sent what brokers
 * say among themselves.
 */
export const sentBySdks = [
  'Schemas',
  'Authenticate',
  'Publish',
  'PublishIf',
  'Fetch',
  'FindOffset',
  'InitProducer',
  'Metadata',
  'Brokers',
  'ConsumerGroup',
  'Subscribe',
  'Credit',
  'Unsubscribe',
] as const satisfies readonly MessageName[]

export const readBySdks = [
  'Schemas',
  'Failure',
  'AuthenticateReply',
  'PublishReply',
  'PublishIfReply',
  'FetchReply',
  'FindOffsetReply',
  'InitProducerReply',
  'MetadataReply',
  'BrokersReply',
  'ConsumerGroupReply',
  'Subscribed',
  'Records',
  'SubscriptionEnd',
] as const satisfies readonly MessageName[]

export type SdkMessageName = (typeof sentBySdks)[number] | (typeof readBySdks)[number]
