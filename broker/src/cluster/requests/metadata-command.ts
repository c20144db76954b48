import type { BrokerId, Message } from '@tailrace/schemas'
import { CLUSTER_NAME } from '../../api/security-api.ts'
import { checkForwarded, type Needed } from '../../security/access/forwarded.ts'
import { commandResultFields, isCommandResult } from '../metadata/intents/command-result-fields.ts'
import { textsAreShort } from '../metadata/intents/intent-checks.ts'
import { areSettings, intentOf, isIntent, nameOfIntent } from '../metadata/intents/intent-fields.ts'
import type { Intent } from '../metadata/metadata-leader.ts'
import { isAsker } from '../routing/asker-fields.ts'
import type { RequestHandler } from './request.ts'
import { withoutBody } from './request.ts'

const theCluster = { type: 'cluster', name: CLUSTER_NAME } as const
const MAX_COMMAND_MS = 10_000
const MAX_ID = 100

export const metadataCommand: RequestHandler<'MetadataCommand'> = {
  check({ id, timeoutMs, intent, asker }) {
    const read = intentOf(intent)
    if (id === '' || id.length > MAX_ID || timeoutMs <= 0 || !isAsker(asker)) return false
    const [settings] = Object.values(intent).flatMap((fields) => [fields?.config ?? fields?.changes ?? []])
    return read === null || (isIntent(read) && textsAreShort(read) && areSettings(settings))
  },
  checkReply: isCommandResult,
  async answer({ leader, authorizer }, _from, { id, timeoutMs, intent, asker }) {
    const read = intentOf(intent)
    if (read === null) return withoutBody(commandResultFields(leader.refuseUnknown(nameOfIntent(intent))))
    if (asker != null) checkForwarded(authorizer, asker, neededFor(read))
    const result = await leader.execute({ id, intent: read }, Math.min(timeoutMs, MAX_COMMAND_MS))
    return withoutBody(commandResultFields(result))
  },
}

/** Each of these lets a client have what the intent asks for. */
function neededFor(intent: Intent): readonly Needed[] {
  switch (intent.type) {
    case 'create-topic':
      return [
        ['create', { type: 'topic', name: intent.name }],
        ['create', theCluster],
      ]
    case 'delete-topic':
      return [['delete', { type: 'topic', name: intent.name }]]
    case 'set-topic-config':
      return [['alter-configs', { type: 'topic', name: intent.name }]]
    default:
      return [['alter', theCluster]]
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
      return intent.broker
    default:
      return null
  }
}
