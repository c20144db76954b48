import type { MessageName } from '../messages.ts'

/** What a client may send on a stream behind its schemas. A door has a check for each (docs/security.md). */
export const clientMessages = [
  'Publish',
  'PublishIf',
  'Fetch',
  'FindOffset',
  'InitProducer',
  'Metadata',
  'Brokers',
  'ConsumerGroup',
  'Authenticate',
  'CascadeBeat',
  'CascadeTopics',
  'CascadeSecurity',
  'Subscribe',
  'Credit',
  'Unsubscribe',
] as const satisfies readonly MessageName[]

export type ClientMessageName = (typeof clientMessages)[number]
