import { randomUUID } from 'node:crypto'
import type { Browser } from 'playwright-core'
import type { ClusterProcesses } from '../../test/e2e/cluster-processes.ts'
import { GroupMember } from '../../test/e2e/group-member.ts'
import { viewTopic } from '../../test/e2e/topic-view.ts'
import { open, shows, takeLooks, wide } from './camera.ts'
import type { PictureCluster } from './picture-cluster.ts'

const STUCK_MS = 95_000

/**
 * A group with two members, of which one is stuck, and one without members whose positions are reset. After the other
 * pictures, which are of a cluster without the topic of the coordinators.
 */
export async function takeConsumerGroups(browser: Browser, { brokers, http }: PictureCluster): Promise<void> {
  const page = await browser.newPage({ viewport: wide })
  await page.goto(`http://${http}/console/`)
  const members = await joined(brokers)
  try {
    const { partitions } = await viewTopic(brokers, 1, 'flights')
    const ends = partitions.map(({ highWatermark }) => highWatermark)
    for (const member of members) {
      await member.commit((partition) => ends[partition]! - 40 - partition)
      await member.beat()
    }
    for (const offset of [3, 5, 8]) await members[0]!.delay(ends[0]! - offset)
    await members[1]!.beat(STUCK_MS)
    const positions = ends.map((end, partition) => ({ topic: 'flights', partition, offset: Math.floor(end / 2) }))
    await brokers.request(1, 'PUT', '/consumer-groups/reports/positions', { positions })
    await open(page, 'consumer-groups', /reports/)
    await takeLooks(page, 'consumer-groups')
    await open(page, 'consumer-groups/billing', /billing-1/)
    await takeLooks(page, 'consumer-group')
    await open(page, 'consumer-groups/reports', /It has no members/)
    await page.getByRole('button', { name: 'Reset positions…' }).click()
    await page.getByRole('button', { name: 'Show what would be done' }).click()
    await shows(page, /come again/)
    await takeLooks(page, 'reset-positions')
    await page.close()
  } finally {
    for (const member of members) member.close()
  }
}

async function joined(brokers: ClusterProcesses): Promise<GroupMember[]> {
  const options = { group: 'billing', topics: ['flights'], clientId: 'billing' }
  const a = await GroupMember.join(brokers.http(1), { ...options, id: randomUUID(), instance: 'billing-0' })
  const b = await GroupMember.join(brokers.http(2), { ...options, id: randomUUID(), instance: 'billing-1' })
  // The first one gives back what the second one is to have.
  for (const member of [a, a, b]) await member.beat()
  return [a, b]
}
