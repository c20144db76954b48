import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { Consumer } from '@tailrace/consumer'
import type { MemberEvent, MemberPlan } from './group-history.ts'

// A process that is a member of a consumer group, for tests to hurt. What it does is in its output, an event a line.
const plan = JSON.parse(process.argv[2]!) as MemberPlan
const at = (): number => Number(process.hrtime.bigint()) / 1e6
const note = (event: MemberEvent): void => void writeSync(1, `${JSON.stringify(event)}\n`)
const consumer = new Consumer({ servers: plan.servers })
const group = consumer.group(plan.group, {
  ...plan.options,
  onAssigned: (partitions) => {
    for (const { partition, token } of partitions) note({ kind: 'assigned', at: at(), partition, token })
  },
  onRevoked: (partitions, reason) => {
    for (const { partition } of partitions) note({ kind: 'revoked', at: at(), partition, reason })
  },
})
process.on('SIGTERM', () => void group.close())
// See GroupProcesses.standStill.
process.on('SIGUSR2', () => {
  note({ kind: 'stopped', at: at() })
  process.kill(process.pid, 'SIGSTOP')
})

/** As long as the plan says for this record. */
async function work(value: string | null): Promise<void> {
  const { ms = 0, blocksThread = false } = value === 'stuck' ? (plan.stuck ?? {}) : {}
  if (blocksThread) for (const end = at() + ms; at() < end; );
  else await pause(plan.workMs + ms)
}

note({ kind: 'started', at: at() })
if (plan.concurrency !== undefined) {
  await group.run(
    plan.topic,
    async ({ partition, offset, token, value }) => {
      note({ kind: 'begun', at: at(), partition, offset, token })
      await work(value)
      note({ kind: 'returned', at: at(), partition, offset, token })
    },
    { concurrency: plan.concurrency, orderBy: 'partition' },
  )
} else await handleOneByOne()
await consumer.close()
note({ kind: 'ended', at: at() })

async function handleOneByOne(): Promise<void> {
  for await (const record of group.subscribe(plan.topic)) {
    const { partition, offset, token } = record
    note({ kind: 'begun', at: at(), partition, offset, token })
    if (plan.workMs > 0) await pause(plan.workMs)
    const sentAt = at()
    try {
      await record.commit()
      note({ kind: 'committed', sentAt, at: at(), partition, offset, token })
    } catch (error) {
      note({ kind: 'refused', at: at(), partition, offset, token, code: (error as { code?: string }).code ?? '' })
    }
  }
}
