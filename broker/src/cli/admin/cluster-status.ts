import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import type { AdminClient } from './admin-client.ts'
import type { ClusterBody } from './answer-shapes.ts'

export async function clusterStatus(json: boolean, admin: AdminClient, terminal: Terminal): Promise<void> {
  const cluster = (await admin.request('GET', '/cluster')) as ClusterBody
  terminal.print(json ? JSON.stringify(cluster) : clusterText(cluster, terminal.width))
}

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
      { title: 'ALIVE', of: (broker) => (broker.alive ? 'yes' : 'no') },
      { title: 'PID', of: (broker) => (broker.pid === 0 ? '' : broker.pid), right: true },
    ],
    width,
  )
  return `${head.join('\n')}\n\n${brokers}`
}
