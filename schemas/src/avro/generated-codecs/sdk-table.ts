// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { SdkMessageName } from '../../own-messages/sdk-messages.ts'
import * as client from './client.ts'
import * as connection from './connection.ts'
import type { Codec } from './table.ts'

/**
 * Of the messages between an SDK and a broker: to write those that it sends, and to read the others. Those that a
 * page loads later are completed by tables of their own.
 */
export const codecs: { readonly [Name in SdkMessageName]: Partial<Codec<Name>> } = {
  Failure: { number: 3, read: connection.readFailure, isCorrelated: true },
  Schemas: { number: 4, read: connection.readSchemas, write: connection.writeSchemas, isCorrelated: false },
  Publish: { number: 20, write: client.writePublishOfSdk, isCorrelated: true },
  PublishReply: { number: 21, read: client.readPublishReply, isCorrelated: true },
  Fetch: { number: 22, isCorrelated: true },
  FetchReply: { number: 23, isCorrelated: true },
  FindOffset: { number: 24, isCorrelated: true },
  FindOffsetReply: { number: 25, isCorrelated: true },
  InitProducer: { number: 26, write: client.writeInitProducerOfSdk, isCorrelated: true },
  InitProducerReply: { number: 27, read: client.readInitProducerReply, isCorrelated: true },
  Metadata: { number: 28, write: client.writeMetadata, isCorrelated: true },
  MetadataReply: { number: 29, read: client.readMetadataReply, isCorrelated: true },
  Subscribe: { number: 40, write: client.writeSubscribe, isCorrelated: false },
  Subscribed: { number: 41, read: client.readSubscribed, isCorrelated: false },
  Records: { number: 42, read: client.readRecords, isCorrelated: false },
  Credit: { number: 43, write: client.writeCredit, isCorrelated: false },
  Unsubscribe: { number: 44, write: client.writeUnsubscribe, isCorrelated: false },
  SubscriptionEnd: { number: 45, read: client.readSubscriptionEnd, isCorrelated: false },
  Brokers: { number: 46, isCorrelated: true },
  BrokersReply: { number: 47, isCorrelated: true },
  Authenticate: { number: 54, write: connection.writeAuthenticate, isCorrelated: true },
  AuthenticateReply: { number: 55, read: connection.readAuthenticateReply, isCorrelated: true },
  PublishIf: { number: 114, write: client.writePublishIfOfSdk, isCorrelated: true },
  PublishIfReply: { number: 115, read: client.readPublishIfReply, isCorrelated: true },
  ConsumerGroup: { number: 120, isCorrelated: true },
  ConsumerGroupReply: { number: 121, isCorrelated: true },
}
/** Of their protocol: the first half of the SHA-256 of generated-sdk.ts's protocolJson. */
export const protocolFingerprint = 'c9effd9470db881a90baf89c29676bcf'
