import type { Message, StreamRequestFields, StreamRequestName } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { StreamRequest } from '../../api/streams-api.ts'
import { isStreamRequest } from './request-checks.ts'

type Kind = StreamRequest['kind']
type RequestFields = Pick<Message<'Stream'>, 'path' | 'request'>

const NAMESPACE = 'tailrace.streams.'
const names = {
  create: 'Create',
  append: 'Append',
  read: 'Read',
  wait: 'Wait',
  head: 'Head',
  delete: 'Delete',
  lend: 'Lend',
  'give-back': 'GiveBack',
  place: 'Place',
  exists: 'Exists',
} as const satisfies Readonly<Record<Kind, StreamRequestName>>
const kinds: ReadonlyMap<string, string> = new Map(Object.entries(names).map(([kind, name]) => [name, kind]))

/** A request as it is sent to the leader of the stream. */
export function streamRequestFields({ kind, path, ...fields }: StreamRequest): RequestFields {
  return { path, request: { [NAMESPACE + names[kind]]: fields } as unknown as StreamRequestFields }
}

/**
 * What another broker has asked.
 * @throws TailraceError INVALID_REQUEST; UNSUPPORTED_MESSAGE: only a newer version knows this request
 */
export function streamRequestOf(fields: RequestFields): StreamRequest {
  const [name, kind] = kindOf(fields)
  if (kind === undefined) {
    throw new TailraceError('UNSUPPORTED_MESSAGE', `The request "${name}" about a stream is not known here.`)
  }
  const asked = checkedStreamRequest(fields)
  if (isStreamRequest(asked)) return asked
  throw new TailraceError('INVALID_REQUEST', `A field of the request "${kind}" about a stream is missing or wrong.`)
}

/** Of fields from which `streamRequestOf` has made a request before. */
export function checkedStreamRequest(fields: RequestFields): StreamRequest {
  const [content] = Object.values(fields.request)
  return { kind: kindOf(fields)[1], path: fields.path, ...content } as unknown as StreamRequest
}

function kindOf({ request }: RequestFields): readonly [name: string, kind: string | undefined] {
  const [name = ''] = Object.keys(request)
  return [name.slice(0, 100), kinds.get(name.slice(NAMESPACE.length))]
}
