import { errorResponses } from '../http/schemas.ts'

const tags = ['durable streams']
const text = { type: 'string' } as const
const integer = { type: 'integer' } as const
const names = { type: 'array', items: { ...text, minLength: 1, maxLength: 1000 }, minItems: 1, maxItems: 100 } as const
const id = {
  ...text,
  minLength: 1,
  maxLength: 900,
  description: 'The id of the subscription, which the client has chosen.',
}
const params = { type: 'object', properties: { id }, required: ['id'] } as const
const json = (schema: object, description: string) => ({ description, content: { 'application/json': { schema } } })
const nothing = (description: string) => ({ description, type: 'null' })
const wake = { wake_id: { ...text, maxLength: 100 }, generation: { ...integer, minimum: 0 } }
const config = {
  type: 'object',
  properties: {
    type: { ...text, enum: ['webhook', 'pull-wake'] },
    pattern: {
      ...text,
      minLength: 1,
      maxLength: 1000,
      description: 'Of names of streams: `*` is one segment, `**` any number of them. Up to 32 segments.',
    },
    streams: { ...names, minItems: 0 },
    webhook: { type: 'object', properties: { url: { ...text, maxLength: 2000 } }, required: ['url'] },
    wake_stream: { ...text, minLength: 1, maxLength: 1000, description: 'The stream that gets events of wakes.' },
    lease_ttl_ms: { ...integer, minimum: 1000, maximum: 600_000, default: 30_000 },
    description: { ...text, maxLength: 255 },
  },
  required: ['type'],
} as const
const ack = {
  type: 'object',
  properties: {
    ...wake,
    acks: {
      type: 'array',
      maxItems: 1000,
      items: { type: 'object', properties: { stream: text, offset: text }, required: ['stream', 'offset'] },
    },
    done: { type: 'boolean', description: '`true`: the lease ends.' },
  },
  required: ['wake_id', 'generation'],
} as const
const wokenStreams = { type: 'array', items: { type: 'object', additionalProperties: true } } as const
const described = {
  type: 'object',
  additionalProperties: true,
  description: 'As §6.3 of the protocol has it.',
} as const
const acked = { type: 'object', properties: { ok: { type: 'boolean' }, next_wake: { type: 'boolean' } } } as const
const claimed = {
  type: 'object',
  properties: { ...wake, token: text, streams: wokenStreams, lease_ttl_ms: integer },
} as const
const listed = {
  type: 'object',
  properties: {
    subscriptions: { type: 'array', items: { type: 'object', properties: { id: text, type: text } } },
    next_after: text,
  },
} as const
const ofWake = 'With `Authorization: Bearer` and the token of the wake.'

/** Of the OpenAPI description. */
export const subscriptionSchemas = {
  put: {
    tags,
    summary: 'Create a subscription to streams, or confirm it',
    operationId: 'putStreamSubscription',
    params,
    body: config,
    response: {
      200: json(described, 'It is there already, as asked for.'),
      201: json(described, 'It is new.'),
      ...errorResponses,
    },
  },
  list: {
    tags,
    summary: 'The subscriptions to streams',
    operationId: 'listStreamSubscriptions',
    querystring: {
      type: 'object',
      properties: { after: { ...text, maxLength: 900, description: 'Those behind this id: `next_after`.' } },
    },
    response: { 200: json(listed, 'Up to 200, in the order of their ids.'), ...errorResponses },
  },
  get: {
    tags,
    summary: 'What a subscription to streams is',
    operationId: 'describeStreamSubscription',
    params,
    querystring: {
      type: 'object',
      properties: { after: { ...text, maxLength: 1000, description: 'Shows streams behind this one: `next_after`.' } },
    },
    response: { 200: json(described, 'The subscription.'), ...errorResponses },
  },
  remove: {
    tags,
    summary: 'Delete a subscription to streams',
    operationId: 'deleteStreamSubscription',
    params,
    response: { 204: nothing('It is gone, or was not there.'), ...errorResponses },
  },
  link: {
    tags,
    summary: 'Add streams to a subscription',
    operationId: 'addSubscribedStreams',
    params,
    body: { type: 'object', properties: { streams: names }, required: ['streams'] },
    response: { 204: nothing('They are linked, at their present ends.'), ...errorResponses },
  },
  unlink: {
    tags,
    summary: 'Take a stream out of a subscription',
    operationId: 'removeSubscribedStream',
    params: { type: 'object', properties: { id, '*': { ...text, description: 'The stream.' } }, required: ['id', '*'] },
    response: { 204: nothing('It is not named any more.'), ...errorResponses },
  },
  claim: {
    tags,
    summary: 'Claim the wake of a pull-wake subscription',
    operationId: 'claimStreamWake',
    params,
    body: {
      type: 'object',
      properties: { worker: { ...text, minLength: 1, maxLength: 255 } },
      required: ['worker'],
    },
    response: { 200: json(claimed, 'The worker has the lease.'), ...errorResponses },
  },
  ack: {
    tags,
    summary: 'Ack streams of a claimed wake, and keep or end the lease',
    description: ofWake,
    operationId: 'ackStreamWake',
    params,
    body: ack,
    response: { 200: json(acked, 'It is written down.'), ...errorResponses },
  },
  callback: {
    tags,
    summary: 'Ack streams of a wake that a webhook has brought, and keep or end the lease',
    description: ofWake,
    operationId: 'callBackStreamWake',
    params,
    body: ack,
    response: { 200: json(acked, 'It is written down.'), ...errorResponses },
  },
  release: {
    tags,
    summary: 'End the lease of a claimed wake',
    description: ofWake,
    operationId: 'releaseStreamWake',
    params,
    body: { type: 'object', properties: wake, required: ['wake_id', 'generation'] },
    response: { 204: nothing('Another worker may claim.'), ...errorResponses },
  },
  keys: {
    tags,
    summary: 'The public keys that webhooks are signed with',
    operationId: 'listWebhookKeys',
    response: {
      200: {
        description: 'A JSON Web Key Set.',
        content: { 'application/jwk-set+json': { schema: { type: 'object', additionalProperties: true } } },
      },
      ...errorResponses,
    },
  },
} as const
