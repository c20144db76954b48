import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { ClusterProcesses } from '../../e2e/cluster-processes.ts'
import { leastShares } from '../../e2e/processor-time.ts'
import { toolArguments } from '../../tool-arguments.ts'
import { Child } from '../child.ts'
import type { MembersOrder } from './members.ts'

const usage = `npm run bench:groups -- [--groups 1000] [--session 45] [--settle 30] [--seconds 30] [--windows 3]
What consumer groups cost three brokers while nothing happens: without any, with groups that have a position and no
member, and with one member in each, which sends beats. In per cent of a core: of several windows the least. On Linux.
  --session N  seconds of a member's session
  --settle N   seconds before the first window`

const { values } = toolArguments(usage, {
  groups: { kind: 'number', default: 1000, least: 1 },
  session: { kind: 'number', default: 45, least: 1 },
  settle: { kind: 'number', default: 30, least: 0 },
  seconds: { kind: 'number', default: 30, least: 1 },
  windows: { kind: 'number', default: 3, least: 1 },
})

const cluster = await ClusterProcesses.start()
const members = new Child('groups/members.ts')
try {
  const { groups, session, settle, seconds, windows } = values
  await cluster.request(1, 'POST', '/topics', { name: 'idle', partitions: 3, replicas: 3 })
  const row = async (name: string): Promise<void> => {
    await pause(settle * 1000)
    const shares = await leastShares(cluster.pids, windows, seconds * 1000)
    const all = shares.reduce((sum, share) => sum + share, 0)
    console.log(`| ${name} | ${[...shares, all].map((share) => (share * 100).toFixed(2)).join(' | ')} |`)
  }
  console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}; per cent of a core\n`)
  console.log(`| | ${cluster.ids.map((id) => `broker ${id}`).join(' | ')} | all |`)
  console.log(`| --- |${' ---: |'.repeat(cluster.ids.length + 1)}`)
  await row('no group')
  const positions = [{ topic: 'idle', partition: 0, offset: 0 }]
  for (let at = 0; at < groups; at++) {
    await cluster.request(1 + (at % 3), 'PUT', `/consumer-groups/group-${at}/positions`, { positions })
  }
  await row(`${groups} groups without members`)
  const addresses = cluster.ids.map((id) => cluster.http(id))
  const order: MembersOrder = { addresses, groups, topic: 'idle', sessionMs: session * 1000 }
  await members.ask(order)
  await row(`a member in each, sessions of ${session} s`)
} finally {
  members.end()
  await cluster.destroy()
}
process.exit(0)
