import type { BrokerId, Message } from '@tailrace/schemas'
import type { Needed } from '../../security/access/forwarded.ts'
import { commandResultFields, isCommandResult } from '../metadata/intents/command-result-fields.ts'
import { textsAreShort } from '../metadata/intents/intent-checks.ts'
import { areSettings, intentOf, isIntent, nameOfIntent } from '../metadata/intents/intent-fields.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import { alterCluster, onGroup, theCluster, topicNamed } from './asked-for.ts'
import type { RequestHandler } from './request.ts'
import { withoutBody } from './request.ts'

const MAX_COMMAND_MS = 10_000
const MAX_ID = 100

export const metadataCommand: RequestHandler<'MetadataCommand'> = {
  check({ id, timeoutMs, intent }) {
    const read = intentOf(intent)
    if (id === '' || id.length > MAX_ID || timeoutMs <= 0) return false
    const [settings] = Object.values(intent).flatMap((fields) => [fields?.config ?? fields?.changes ?? []])
    return read === null || (isIntent(read) && textsAreShort(read) && areSettings(settings))
  },
  needs: neededFor,
  checkReply: isCommandResult,
  async answer({ leader }, _from, { id, timeoutMs, intent }) {
    const read = intentOf(intent)
    if (read === null) return withoutBody(commandResultFields(leader.refuseUnknown(nameOfIntent(intent))))
    const result = await leader.execute({ id, intent: read }, Math.min(timeoutMs, MAX_COMMAND_MS))
    return withoutBody(commandResultFields(result))
  },
}

/** What a client needs to have what the intent asks for. */
function neededFor(
  { intent, asker }: Message<'MetadataCommand'>,
  state: MetadataState,
): readonly (readonly Needed[])[] {
  const read = intentOf(intent)
  const isOwn = (principal: string | undefined): boolean => principal === asker?.principal
  switch (read?.type) {
    case 'create-topic':
      return [
        [
          ['create', topicNamed(read.name)],
          ['create', theCluster],
        ],
      ]
    case 'delete-topic':
      return [[['delete', topicNamed(read.name)]]]
    case 'set-topic-config':
      return [[['alter-configs', topicNamed(read.name)]]]
    case 'records-deleted':
      return [onGroup('delete', read.group, state)]
    case 'add-partitions':
      return [[['alter', topicNamed(read.name)]]]
    case 'set-quota':
    case 'remove-quota':
      return [[['alter-configs', theCluster]]]
    // The broker that sends it knows the kind of credential that lets a client make and revoke its own tokens.
    case 'add-token':
      return isOwn(read.token.principal) ? [] : alterCluster()
    case 'remove-tokens':
      return read.ids.every((id) => isOwn(state.security.tokens.get(id)?.principal)) ? [] : alterCluster()
    default:
      return alterCluster()
  }
}

/** The only broker that may send this: about itself, or because an operator has asked it; null: any may. */
export function speakerOfCommand(fields: Message<'MetadataCommand'>): BrokerId | null {
  const intent = intentOf(fields.intent)
  switch (intent?.type) {
    case 'register-broker':
      return intent.broker.id
    case 'allocate-producer-ids':
    case 'allocate-owned-ids':
    case 'replica-dropped':
    case 'join-broker':
    case 'remove-broker':
    case 'force-replicas':
    case 'forced-cluster':
    case 'set-feature-level':
    case 'set-user':
    case 'delete-user':
    case 'add-token':
    case 'remove-tokens':
    case 'add-acls':
    case 'remove-acls':
    case 'set-quota':
    case 'remove-quota':
    case 'set-draining':
    case 'set-balancing':
      return intent.broker
    default:
      return null
  }
}
