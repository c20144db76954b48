import { type GroupId, METADATA_GROUP, TailraceError } from '@tailrace/schemas'
import { CLUSTER_NAME, type Operation, type Resource } from '../../api/security-api.ts'
import type { Authorizer } from '../../security/access/authorizer.ts'
import { checkForwarded, type Needed } from '../../security/access/forwarded.ts'
import { askerOf } from '../../security/identity/asker-fields.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'

/**
 * What a client needs for what a broker asks in its name: all of the list, and of each item one right. 'no-client':
 * brokers ask it for themselves alone, and the message has no field for a client.
 */
export type Needs<Fields> = 'no-client' | ((fields: Fields, state: MetadataState) => readonly (readonly Needed[])[])

export const theCluster: Resource = { type: 'cluster', name: CLUSTER_NAME }

export function topicNamed(name: string): Resource {
  return { type: 'topic', name }
}

export function alterCluster(): readonly (readonly Needed[])[] {
  return [[['alter', theCluster]]]
}

/** On the topic of a group, or for the metadata group on the cluster. @throws TailraceError NOT_READY */
export function onGroup(operation: Operation, group: GroupId, state: MetadataState): readonly Needed[] {
  if (group === METADATA_GROUP) return [[operation, theCluster]]
  const topic = state.places.get(group)?.topic
  // Retriable: this broker may be behind.
  if (topic === undefined) throw new TailraceError('NOT_READY', `No topic is known here that has group ${group}.`)
  return [[operation, topicNamed(topic.name)]]
}

export interface ClusterRules {
  readonly authorizer: Authorizer
  readonly state: MetadataState
}

/**
 * Asks the rules of this broker for the client of another one's request.
 * @throws TailraceError AUTHORIZATION_FAILED, NOT_READY, INVALID_REQUEST
 */
export function checkAsked<Fields extends object>(
  { authorizer, state }: ClusterRules,
  needs: Needs<Fields>,
  fields: Fields,
): void {
  const asker = askerOf(fields)
  if (asker === null || needs === 'no-client') return
  // The other broker knows newer rules, by which it has allowed it.
  if (asker.rulesVersion > state.security.version) return
  for (const needed of needs(fields, state)) checkForwarded(authorizer, asker, needed)
}
