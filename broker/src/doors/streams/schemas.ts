import { errorResponses } from '../http/schemas.ts'

const tags = ['durable streams']
const text = { type: 'string' } as const
const params = {
  type: 'object',
  properties: { '*': { ...text, description: 'The name of the stream; it may have slashes.' } },
  required: ['*'],
} as const
const header = (description: string) => ({ schema: text, description })
const next = { 'Stream-Next-Offset': header('Where to read on, or where the stream ends.') }
const closed = { 'Stream-Closed': header('`true`: nothing comes behind that.') }
const bytes = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } as const
const answer = (description: string, headers: object = { ...next, ...closed }) => ({
  description,
  headers,
  type: 'null',
})
const part = {
  description: 'A part of the stream, in its content type.',
  headers: { ...next, ...closed, 'Stream-Up-To-Date': header('`true`: up to the end as it is now.') },
  content: { ...bytes, 'text/event-stream': { schema: text } },
}

/** Of the OpenAPI description. Headers of requests are checked where they are read (stream-headers.ts). */
export const streamSchemas = {
  create: {
    tags,
    summary: 'Create a stream',
    description:
      'With `Content-Type`, `Stream-TTL` or `Stream-Expires-At`, `Stream-Closed`, `Stream-Forked-From`, `Stream-Fork-Offset`, `Stream-Fork-Sub-Offset`. The body is the first content.',
    operationId: 'createStream',
    params,
    response: { 200: answer('It is there already, as asked for.'), 201: answer('It is new.'), ...errorResponses },
  },
  append: {
    tags,
    summary: 'Append to a stream, or close it',
    description:
      'Answers when the append is on the disks of a majority. With `Stream-Seq`, `Stream-Closed`, and `Producer-Id`, `Producer-Epoch` and `Producer-Seq`.',
    operationId: 'appendToStream',
    params,
    response: {
      200: answer('Appended for a producer.'),
      204: answer('Appended; or the stream had it already.'),
      ...errorResponses,
    },
  },
  read: {
    tags,
    summary: 'Read a stream',
    operationId: 'readStream',
    params,
    // Parameters that are not known are left alone, as the protocol wants it.
    querystring: {
      type: 'object',
      properties: {
        offset: {
          ...text,
          maxLength: 100,
          description: '`-1`: the beginning; `now`: the end; else a former answer has it.',
        },
        live: { type: 'string', enum: ['long-poll', 'sse'], description: 'Waits for more, or follows the stream.' },
        cursor: { ...text, maxLength: 100, description: 'As the last answer to a live read had it.' },
        clientId: { ...text, description: 'As the header tailrace-client-id, for browsers.' },
      },
    },
    response: {
      200: part,
      204: answer('Nothing has come in the time of a long poll.'),
      304: answer('The client has the answer: `If-None-Match` names it.', {}),
      ...errorResponses,
    },
  },
  head: {
    tags,
    summary: 'What a stream is',
    operationId: 'describeStream',
    params,
    response: { 200: answer('It is there.'), ...errorResponses },
  },
  remove: {
    tags,
    summary: 'Delete a stream',
    operationId: 'deleteStream',
    params,
    response: { 204: answer('It is gone; its forks stay.', {}), ...errorResponses },
  },
} as const
