import { execFile } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ClusterProcesses } from './cluster-processes.ts'
import { allInSync, topicBecomes, viewTopic } from './topic-view.ts'

/** A million lines over HTTP, to real brokers, by the command of the documentation and through a killed leader. */
const LINES = 1_000_000
let cluster: ClusterProcesses
let file: string

function* lines(count: number, from = 0): Generator<string> {
  for (let at = from; at < count; at += 1_000) {
    let text = ''
    for (let n = at; n < Math.min(at + 1_000, count); n++) text += `{"key":"${n % 997}","value":"{\\"delay\\":${n}}"}\n`
    yield text
  }
}

beforeAll(async () => {
  cluster = await ClusterProcesses.start()
  for (const [name, partitions] of [
    ['flights', 3],
    ['one', 1],
  ] as const) {
    await cluster.request(1, 'POST', '/topics', { name, partitions, replicas: 3 })
    await topicBecomes(cluster, 1, name, allInSync)
  }
  file = join(cluster.folder, 'flights.ndjson')
  await pipeline(Readable.from(lines(LINES)), createWriteStream(file))
})
afterAll(async () => {
  await rm(file, { force: true })
  await cluster?.destroy()
})

it('the command of the documentation publishes a million lines, in bounded memory', async () => {
  const text = await readFile(resolve(import.meta.dirname, '../../docs/protocol.md'), 'utf8')
  const [, command] = /^(curl -T - .*)$/m.exec(text)!
  const shown = `${command!.replace('localhost:8080', cluster.http(1))} -sS --fail-with-body`
  const started = performance.now()
  const { stdout } = await promisify(execFile)('sh', ['-c', shown], { cwd: cluster.folder })
  const seconds = (performance.now() - started) / 1000
  const answer = JSON.parse(stdout)
  expect(answer).toMatchObject({ acknowledged: LINES, records: LINES })
  expect(answer.partitions).toHaveLength(3)
  const { partitions } = await viewTopic(cluster, 1, 'flights')
  expect(partitions.reduce((sum, { highWatermark }) => sum + highWatermark, 0)).toBe(LINES)
  const metrics = await (await fetch(`http://${cluster.http(1)}/metrics?partitions=false`)).text()
  expect(metrics).toMatch(/tailrace_client_held_bytes\{what="received"\} 0/)
  console.log(`${LINES} lines in ${seconds.toFixed(1)} s`)
}, 120_000)

it('under expected offsets a body is written once, though its leader dies and its client sends it again', async () => {
  const count = 200_000
  const { leader } = (await viewTopic(cluster, 1, 'one')).partitions[0]!
  const other = cluster.ids.find((id) => id !== leader)!
  let killed = false
  let from = 0
  let requests = 0
  while (from < count) {
    requests++
    const path = `http://${cluster.http(other)}/topics/one/partitions/0/records?expectedOffset=${from}`
    const body = Readable.from(lines(count, from), { highWaterMark: 1 })
    const sent = request(path, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' } })
    const answered = new Promise<string>((done, fail) => {
      sent.on('response', async (answer) => done(Buffer.concat(await answer.toArray()).toString()))
      sent.on('error', fail)
    })
    body.pipe(sent)
    if (!killed) {
      await expect
        .poll(async () => (await viewTopic(cluster, other, 'one')).partitions[0]!.highWatermark)
        .toBeGreaterThan(0)
      killed = true
      await cluster.kill(leader)
      // The connection is lost at the same time: nobody is told how far the body came.
      sent.destroy()
      await answered.catch(() => {})
      continue
    }
    const answer = JSON.parse(await answered)
    if (answer.code === 'WRONG_EXPECTED_OFFSET') from = answer.endOffset
    else if (answer.code === undefined) from += answer.records
    else expect(answer.retriable).toBe(true)
  }
  expect(requests).toBeGreaterThan(1)
  const read = await fetch(`http://${cluster.http(other)}/topics/one/partitions/0/records?offset=0`, {
    headers: { accept: 'application/x-ndjson' },
  })
  const values = (await read.text()).trimEnd().split('\n')
  expect(values).toHaveLength(count)
  for (const [at, line] of values.entries())
    if (JSON.parse(line).value !== `{"delay":${at}}`) throw new Error(`${at}: ${line}`)
}, 120_000)
