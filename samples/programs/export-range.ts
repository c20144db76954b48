import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { Consumer } from '@tailrace/sdk'
import { servers } from './orders.ts'

/**
 * Writes the records of a topic between two times, a JSON object a line, into a file, and ends: `node export-range.ts
 * orders 2026-11-30T10:00Z 2026-11-30T11:00Z orders.ndjson.gz`
 */

const [topic, from, to, file] = process.argv.slice(2)
if (topic === undefined || from === undefined || to === undefined || file === undefined) {
  console.error('export-range.ts TOPIC FROM TO FILE')
  process.exit(2)
}

await using consumer = new Consumer({ servers, clientId: 'export' })
await consumer.connect()
// A time that is still to come would be waited for: `until` ends the loop at what there is now.
const records = consumer.subscribe(topic, { from, to, until: 'end' })
let count = 0

async function* lines(): AsyncGenerator<string> {
  for await (const batch of records.batches()) {
    let text = ''
    for (const record of batch.records()) text += `${JSON.stringify(record)}\n`
    count += batch.count
    yield text
  }
}

await pipeline(Readable.from(lines()), createGzip(), createWriteStream(file))
console.log(`${count} records`)
