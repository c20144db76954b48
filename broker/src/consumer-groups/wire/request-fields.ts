import type { ConsumerGroupRequestFields, ConsumerGroupRequestName, Message } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { ConsumerGroupRequest } from '../../api/consumer-groups-api.ts'
import { areNames, isConsumerGroupRequest } from './request-checks.ts'

type Kind = ConsumerGroupRequest['kind']
export type GroupRequestFields = Pick<Message<'ConsumerGroup'>, 'group' | 'member' | 'request'>

const NAMESPACE = 'tailrace.groups.'
const names = {
  beat: 'Beat',
  commit: 'Commit',
  delay: 'Delay',
  describe: 'Describe',
  list: 'List',
  alter: 'Alter',
} as const satisfies Readonly<Record<Kind, ConsumerGroupRequestName>>
const kinds: ReadonlyMap<string, string> = new Map(Object.entries(names).map(([kind, name]) => [name, kind]))

/** A request as it is sent to the coordinator, or to a broker on the way. */
export function groupRequestFields(asked: ConsumerGroupRequest): GroupRequestFields {
  const { kind, group = '', member = '', ...fields } = asked as ConsumerGroupRequest & Partial<GroupRequestFields>
  return { group, member, request: { [NAMESPACE + names[kind]]: fields } as unknown as ConsumerGroupRequestFields }
}

/**
 * What another program has asked.
 * @throws TailraceError INVALID_REQUEST; UNSUPPORTED_MESSAGE: only a newer version knows this request
 */
export function groupRequestOf(fields: GroupRequestFields): ConsumerGroupRequest {
  const [name, kind] = kindOf(fields)
  if (kind === undefined) {
    throw new TailraceError('UNSUPPORTED_MESSAGE', `The request "${name}" to a coordinator is not known here.`)
  }
  const asked = checkedGroupRequest(fields)
  if (areNames(fields.group, fields.member) && isConsumerGroupRequest(asked)) return asked
  throw new TailraceError('INVALID_REQUEST', `A field of the request "${kind}" to a coordinator is missing or wrong.`)
}

/** Of fields from which `groupRequestOf` has made a request before: each beat between brokers is checked once. */
export function checkedGroupRequest(fields: GroupRequestFields): ConsumerGroupRequest {
  const { group, member, request } = fields
  const [content] = Object.values(request)
  return { kind: kindOf(fields)[1], group, member, ...content } as unknown as ConsumerGroupRequest
}

function kindOf({ request }: GroupRequestFields): readonly [name: string, kind: string | undefined] {
  const [name = ''] = Object.keys(request)
  return [name.slice(0, 100), kinds.get(name.slice(NAMESPACE.length))]
}
