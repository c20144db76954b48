import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it, vi } from 'vitest'
import { skipped } from '../runner/skipped.ts'
import { freePortRange } from './command-line.ts'

const program = fileURLToPath(new URL('../../broker/bin/tailrace.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tailrace-files-'))
const LIMIT = 256
const PARTITIONS = 60
const ROUNDS = 5
const value = 'z'.repeat(60_000)
const idle: Socket[] = []
let stop = async (): Promise<void> => {}

afterAll(async () => {
  for (const socket of idle) socket.removeAllListeners('close').destroy()
  await stop()
  rmSync(folder, { recursive: true, force: true })
})

it.skipIf(skipped(process.platform === 'win32', 'a low limit of open files: Windows has none'))(
  'with 300 idle connections under a limit of 256 open files the log opens all the files that it needs',
  async () => {
    const port = await freePortRange(2)
    const place = `--data ${folder} --http 127.0.0.1:${port} --peer 127.0.0.1:${port + 1}`
    const sizes = '--journal-file-bytes 2MiB --segment-bytes 2MiB'
    const command = `ulimit -n ${LIMIT} && exec "${process.execPath}" "${program}" broker --id 1 ${place} ${sizes}`
    const broker = spawn('sh', ['-c', command])
    let [log, isOver] = ['', false]
    for (const stream of [broker.stdout, broker.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        log += text
      })
    }
    const exited = new Promise<void>((resolve) => broker.once('exit', () => resolve())).then(() => {
      isOver = true
    })
    stop = () => {
      broker.kill('SIGKILL')
      return exited
    }
    const http = `http://127.0.0.1:${port}`
    await vi.waitFor(async () => expect((await fetch(`${http}/readyz`)).status).toBe(200), 20_000)
    expect(log).toMatch(/the limit of open files allows fewer connections of clients than maxConnections/)

    const headers = { 'content-type': 'application/json' }
    // The oldest idle connection gives way, that of this test among them.
    const post = async (path: string, body: object): Promise<number> => {
      for (;;) {
        const answer = await fetch(`${http}${path}`, { method: 'POST', headers, body: JSON.stringify(body) }).catch(
          () => null,
        )
        if (answer !== null) return answer.status
        if (isOver) throw new Error(`The broker has ended: ${log.slice(-2_000)}`)
      }
    }
    const hold = (): void => {
      const socket = connect(port, '127.0.0.1')
      idle.push(socket)
      socket.on('error', () => {}).resume()
      socket.on('close', () => setTimeout(hold, 300).unref())
    }
    for (let n = 0; n < 300; n++) hold()
    expect(await post('/topics', { name: 't', partitions: PARTITIONS, replicas: 1 })).toBe(201)
    const records = Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, value }))
    for (let round = 0; round < ROUNDS; round++) {
      for (let at = 0; at < PARTITIONS; at += 12) {
        expect(await post('/topics/t/records', { records: records.slice(at, at + 12) })).toBe(200)
      }
    }
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const described = await fetch(`${http}/topics/t/partitions/${partition}/records?offset=${ROUNDS - 1}`)
      expect((await described.json()).records).toHaveLength(1)
    }
    expect(isOver).toBe(false)
    const journals = readdirSync(join(folder, 'log', 'journal'))
    expect(Number.parseInt(journals.sort().at(-1)!, 10)).toBeGreaterThan(1)
  },
  60_000,
)
