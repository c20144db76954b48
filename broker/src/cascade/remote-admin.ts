import type { AdminApi, GroupTarget } from '../api/admin-api.ts'
import type { Asker } from '../api/broker-api.ts'
import { topicPath } from '../cluster/routing/topic-path.ts'
import type { HttpClient } from '../platform/http-client.ts'
import type { Uplink } from './upstream/uplink.ts'
import type { Vouching } from './upstream/vouching.ts'
import { checkAudit } from './wire/answer-checks.ts'

/** Long enough for the slowest: members that are forced, a snapshot. */
const askMs = 60_000
const sourceMs = 3_000

/**
 * Requests of operators to a cascade broker are forwarded to its source, over HTTP, where they are checked like any
 * other request.
 */
export function remoteAdmin(uplink: Uplink, client: HttpClient, vouch: Vouching, asker?: Asker): AdminApi {
  const ask = async <Answer>(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<Answer> => {
    const session = await uplink.whenSession(sourceMs)
    return (await client.request(method, session.address, path, body, askMs, vouch.header(asker))) as Answer
  }
  return {
    members: (target) => ask('GET', pathOf(target, 'members')),
    changeMembers: (target, replicas) => ask('PUT', pathOf(target, 'members'), { replicas }),
    cancelChange: (target) => ask('DELETE', pathOf(target, 'members/change')),
    transferLeadership: (target, to) => ask('POST', pathOf(target, 'leader'), to === 0 ? {} : { to }),
    forceMembers: (target, request) => ask('POST', pathOf(target, 'force-members'), request),
    snapshot: (target, request) => ask('POST', pathOf(target, 'snapshot'), request),
    setPriority: (target, request) => ask('PUT', pathOf(target, 'priority'), request),
    describeGroup: (target) => ask('GET', pathOf(target, 'describe')),
    alterTopic: (name, changes, topicId) => ask('PATCH', topicPath(name, '/config', topicId), changes),
    addPartitions: (name, partitions, topicId) => ask('PATCH', topicPath(name, '', topicId), { partitions }),
    deleteRecords: (target, before) => ask('POST', pathOf(target, 'delete-records'), { before }),
    removeBroker: (broker) => ask('DELETE', `/cluster/brokers/${broker}`),
    raiseFeatureLevel: ({ level }) => ask('POST', '/cluster/feature-level', level === null ? {} : { level }),
    balance: () => ask('GET', '/cluster/balance'),
    setBalancing: (balancing) => ask(balancing ? 'POST' : 'DELETE', '/cluster/balance'),
    setDraining: (broker, draining) => ask(draining ? 'PUT' : 'DELETE', `/cluster/brokers/${broker}/draining`),
    moves: () => ask('GET', '/cluster/moves'),
    audit: async () => checkAudit(await ask('GET', '/cluster/audit'), 'The source'),
  }
}

function pathOf(target: GroupTarget, operation: string): string {
  if (target.kind === 'metadata') return `/cluster/${operation}`
  return topicPath(target.topic, `/partitions/${target.partition}/${operation}`, target.topicId)
}
