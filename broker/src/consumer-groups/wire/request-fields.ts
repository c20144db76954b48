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
export function groupRequestOf({ group, member, request }: GroupRequestFields): ConsumerGroupRequest {
  const [[full, fields] = ['', null]] = Object.entries(request)
  const kind = kinds.get(full.slice(NAMESPACE.length))
  if (kind === undefined) {
    const name = full.slice(0, 100)
    throw new TailraceError('UNSUPPORTED_MESSAGE', `The request "${name}" to a coordinator is not known here.`)
  }
  const asked = { kind, group, member, ...fields } as unknown as ConsumerGroupRequest
  if (areNames(group, member) && isConsumerGroupRequest(asked)) return asked
  throw new TailraceError('INVALID_REQUEST', `A field of the request "${kind}" to a coordinator is missing or wrong.`)
}
