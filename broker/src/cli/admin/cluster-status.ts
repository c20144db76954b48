import { CommandFailure } from '../command-failure.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import type { AdminClient } from './admin-client.ts'
import type { BrokerBody, ClusterBody, ConditionBody } from './answer-shapes.ts'
import { conditionLines } from './condition-lines.ts'

export async function clusterStatus(json: boolean, admin: AdminClient, terminal: Terminal): Promise<void> {
  const cluster = (await admin.request('GET', '/cluster')) as ClusterBody
  const conditions = await conditionsOf(admin)
  if (json) return terminal.print(JSON.stringify({ ...cluster, conditions }))
  const lines = conditionLines(conditions ?? [])
  const text = clusterText(cluster, terminal.width)
  terminal.print(lines.length === 0 ? text : `${text}\n\n${lines.join('\n')}`)
}

/** Null: a broker of an earlier version does not tell. */
async function conditionsOf(admin: AdminClient): Promise<readonly ConditionBody[] | null> {
  try {
    const { brokers } = (await admin.request('GET', '/cluster/conditions')) as { brokers: readonly ConditionBody[] }
    return brokers
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    return null
  }
}

const rackColumn = { title: 'RACK', of: ({ rack = '' }: BrokerBody) => rack }

/** The cluster for people. */
function clusterText(cluster: ClusterBody, width: number): string {
  const alive = cluster.brokers.filter((broker) => broker.alive).length
  const head = [
    `cluster          ${cluster.clusterId}`,
    `metadata leader  ${cluster.metadataLeader === 0 ? 'none' : cluster.metadataLeader}`,
    `brokers          ${alive} of ${cluster.brokers.length} alive`,
  ]
  const brokers = table(
    cluster.brokers,
    [
      { title: 'BROKER', of: (broker) => broker.id, right: true },
      { title: 'HTTP', of: (broker) => broker.http },
      { title: 'PEER', of: (broker) => broker.peer },
      { title: 'LEVEL', of: (broker) => broker.level, right: true },
      ...(cluster.brokers.some(({ rack }) => rack !== undefined) ? [rackColumn] : []),
      { title: 'ALIVE', of: (broker) => (broker.alive ? 'yes' : 'no') },
      { title: 'PID', of: (broker) => (broker.pid === 0 ? '' : broker.pid), right: true },
    ],
    width,
  )
  return `${head.join('\n')}\n\n${brokers}`
}
