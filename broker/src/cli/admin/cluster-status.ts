import type { Terminal } from '../terminal.ts'
import type { AdminClient } from './admin-client.ts'
import type { ClusterBody } from './answer-shapes.ts'
import { clusterText } from './cluster-text.ts'

export async function clusterStatus(json: boolean, admin: AdminClient, terminal: Terminal): Promise<void> {
  const cluster = (await admin.request('GET', '/cluster')) as ClusterBody
  terminal.print(json ? JSON.stringify(cluster) : clusterText(cluster))
}
