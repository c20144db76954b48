import { Admin } from '@tailrace/sdk'
import { orders, servers } from './orders.ts'

/** Prints what is in the cluster: topics with records and bytes, and groups with members and lag. Creates `orders`. */

await using admin = new Admin({ servers, clientId: 'dashboard' })
await admin.connect()
const { isCreated, differences } = await admin.ensureTopic(orders, { partitions: 6 }, { onDifference: 'tell' })
if (isCreated) console.log(`created ${orders.name}`)
for (const { name, wanted, actual } of differences) console.log(`${orders.name}: ${name} is ${actual}, not ${wanted}`)

const topics = (await admin.listTopics()).filter(({ name }) => !name.startsWith('__'))
const rows = topics.map(async ({ name, partitions, replicas }) => {
  const [ends, sizes] = await Promise.all([admin.offsets(name, 'latest'), admin.sizes(name)])
  const records = sum([...ends.values()].map(({ logStart, highWatermark }) => highWatermark - logStart))
  const bytes = sum([...sizes.values()].map(({ replicaBytes }) => replicaBytes))
  return { topic: name, partitions, replicas, records, 'bytes on all disks': bytes }
})
console.table(await Promise.all(rows))

for (const { group, state, lag } of await admin.listGroups()) {
  const { members, partitions } = await admin.describeGroup(group)
  console.log(`\n${group}: ${state}, ${lag} records behind`)
  for (const { id, clientId, host } of members) {
    const own = partitions.filter(({ member }) => member === id)
    console.log(
      `  ${clientId || id} at ${host}: ${own.map(({ topic, partition }) => `${topic}/${partition}`).join(' ')}`,
    )
  }
  console.table(partitions.map(({ topic, partition, offset, end, lag }) => ({ topic, partition, offset, end, lag })))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
