import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClusterProcesses } from './cluster-processes.ts'
import { tailrace } from './command-line.ts'
import { codeOf } from './guide-code.ts'
import { allInSync, topicBecomes, viewTopic } from './topic-view.ts'

/** The code of docs/guides, as it stands there, against real brokers. */

const root = resolve(import.meta.dirname, '../..')
let folder: string
let cluster: ClusterProcesses

beforeAll(async () => {
  await mkdir(join(root, '.tmp'), { recursive: true })
  folder = await mkdtemp(join(root, '.tmp', 'guides-'))
  cluster = await ClusterProcesses.start()
  for (const name of ['accounts', 'elections', 'work']) {
    await cluster.request(1, 'POST', '/topics', { name, partitions: 1, replicas: 3 })
    await topicBecomes(cluster, 1, name, allInSync)
  }
})
afterAll(async () => {
  await cluster?.destroy()
  await rm(folder, { recursive: true, force: true })
})

interface Bank {
  readonly balances: Map<string, number>
  readonly conflicts: number
  deposit(command: string, account: string, amount: number): Promise<void>
  transfer(command: string, from: string, to: string, amount: number): Promise<void>
  catchUp(): Promise<void>
  close(): Promise<void>
}

describe('event sourcing', () => {
  it('keeps every account, by three instances at once and over the death of a leader; each command counts once', async () => {
    const { Bank, twoTellers } = (await import(await codeOf('event-sourcing.md', folder))) as {
      Bank: new (servers: string[], topic: string, partition: number) => Bank
      twoTellers: (servers: string[]) => Promise<Map<string, number>>
    }
    expect([...(await twoTellers(cluster.servers))].sort()).toEqual([
      ['ann', 20],
      ['bob', 30],
      ['cat', 50],
    ])
    const banks = Array.from({ length: 3 }, () => new Bank(cluster.servers, 'accounts', 0))
    await banks[0]!.deposit('d-2', 'dan', 900)
    const work = banks.map(async (bank, at) => {
      for (let number = 0; number < 30; number++) {
        const command = `${at}-${number}`
        await bank.transfer(command, 'dan', `to-${at}`, 10)
        // As a client that got no answer.
        if (number % 5 === 0) await banks[(at + 1) % 3]!.transfer(command, 'dan', `to-${at}`, 10)
      }
    })
    const leader = await leaderOf('accounts')
    await cluster.kill(leader)
    await Promise.all(work)
    await cluster.launch(leader)
    await cluster.ready([leader])
    for (const bank of banks) {
      await bank.catchUp()
      expect([0, 1, 2].map((at) => bank.balances.get(`to-${at}`))).toEqual([300, 300, 300])
      expect(bank.balances.get('dan')).toBe(0)
    }
    await expect(banks[0]!.transfer('too-much', 'dan', 'eve', 1)).rejects.toThrow('dan has less')
    expect(banks.reduce((sum, { conflicts }) => sum + conflicts, 0)).toBeGreaterThan(0)
    for (const bank of banks) await bank.close()
  })
})

async function leaderOf(topic: string): Promise<number> {
  const through = cluster.running[0]!
  return (await viewTopic(cluster, through, topic)).partitions[0]!.leader
}

interface Candidate {
  lead(): Promise<number>
  renew(): Promise<boolean>
  close(): Promise<void>
}
interface Work {
  readonly inherited: string[]
  takeOver(): Promise<void>
  write(value: string): Promise<void>
  close(): Promise<void>
}

describe('a leader election', () => {
  it('has one leader at a time, whose predecessor can write nothing more', async () => {
    const { Candidate, Work } = (await import(await codeOf('leader-election.md', folder))) as {
      Candidate: new (servers: string[], name: string, topic: string, leaseMs: number) => Candidate
      Work: new (servers: string[], topic: string, token: number) => Work
    }
    const LEASE_MS = 1_000
    const [one, two, three] = ['one', 'two', 'three'].map(
      (name) => new Candidate(cluster.servers, name, 'elections', LEASE_MS),
    ) as [Candidate, Candidate, Candidate]
    const first = await one.lead()
    const waiting = [two.lead(), three.lead()]
    let settled = 0
    for (const leading of waiting) void leading.then(() => settled++)
    const old = new Work(cluster.servers, 'work', first)
    await old.takeOver()
    expect(old.inherited).toEqual([])
    for (let number = 0; number < 5; number++) {
      await old.write(`one ${number}`)
      expect(await one.renew()).toBe(true)
      await pause(LEASE_MS / 4)
    }
    expect(settled).toBe(0)
    // From here on the first one is paused, and does not know it.
    const second = await Promise.race(waiting)
    expect(second).toBeGreaterThan(first)
    const young = new Work(cluster.servers, 'work', second)
    await young.takeOver()
    expect(young.inherited).toEqual([0, 1, 2, 3, 4].map((number) => `one ${number}`))
    await expect(old.write('too late')).rejects.toMatchObject({ code: 'FENCED', fence: second })
    expect(await one.renew()).toBe(false)
    await young.write('two 0')
    const leader = await leaderOf('work')
    await cluster.kill(leader)
    await expect(old.write('too late')).rejects.toMatchObject({ code: 'FENCED', fence: second })
    await young.write('two 1')
    await cluster.launch(leader)
    await cluster.ready([leader])
    // The other candidate is the next one, since nobody renews.
    const third = Math.max(...(await Promise.all(waiting)))
    expect(third).toBeGreaterThan(second)
    const consumer = new Consumer({ servers: cluster.servers })
    const { records } = await consumer.read('work', { partition: 0, offset: 0 })
    expect(records.map(({ value }) => value).slice(5)).toEqual(['two 0', 'two 1'])
    await Promise.all([consumer, one, two, three, old, young].map((client) => client.close()))
  })
})

describe('a fence and an expected offset', () => {
  it('are flags of the command line; without a line the fence is accepted', async () => {
    const publish = async (lines: string, ...flags: string[]) => {
      const place = ['publish', 'work', '--partition', '0', '-s', cluster.http(1)]
      const { code, out, err } = await tailrace([...place, ...flags], lines)
      return [code, code === 0 ? out : err]
    }
    const [, told] = await publish('', '--fence', '1000', '--json')
    const { endOffset } = JSON.parse(told as string) as { endOffset: number }
    const [at, after] = [String(endOffset), endOffset + 2]
    expect(await publish('{"a":1}\n{"a":2}\n', '--expected-offset', at, '--fence', '1000')).toEqual([
      0,
      `published 2 records to work/0 at ${at}; it ends at ${after}\n`,
    ])
    expect(await publish('{"a":1}\n', '--expected-offset', at)).toEqual([
      1,
      expect.stringContaining(
        `error WRONG_EXPECTED_OFFSET: The partition does not end at the expected offset. It ends at ${after}`,
      ),
    ])
    expect(await publish('{"a":1}\n', '--fence', '999')).toEqual([1, expect.stringContaining('error FENCED')])
    expect(await publish('{"a":1}\n', '--fence', 'x')).toEqual([2, expect.stringContaining('--fence')])
    const nowhere = await tailrace(['publish', 'work', '--fence', '1', '-s', cluster.http(1)], '{"a":1}')
    expect([nowhere.code, nowhere.err]).toEqual([2, expect.stringContaining('--partition')])
  })

  it('are kept over a restart of all brokers', async () => {
    const producer = new Producer({ ...cluster.sdk, lingerMs: 0 })
    const end = await producer.fence('accounts', 0, 77)
    await cluster.stopAll()
    for (const id of cluster.ids) await cluster.launch(id)
    await cluster.ready()
    const stale = producer.send('accounts', { value: 'x' }, { partition: 0, fence: 76 })
    await expect(stale).rejects.toMatchObject({ code: 'FENCED', fence: 77 })
    const wrong = producer.send('accounts', { value: 'x' }, { partition: 0, expectedOffset: end + 1 })
    await expect(wrong).rejects.toMatchObject({ code: 'WRONG_EXPECTED_OFFSET', endOffset: end })
    await producer.close()
  })
})

describe('durable streams', () => {
  interface Guide {
    writeAnswer(servers: string[], path: string, parts: Iterable<string>, epoch?: number): Promise<void>
    follow(servers: string[], path: string, from?: string): AsyncGenerator<string>
  }
  const servers = (): string[] => cluster.ids.map((id) => `http://${cluster.http(id)}`)

  it('answer as the page shows it with curl', async () => {
    const text = await readFile(join(root, 'docs/guides/durable-streams.md'), 'utf8')
    const [, commands] = /^```sh\n([\s\S]*?)^```$/m.exec(text)!
    const shell = spawn('bash', ['-e'], { stdio: ['pipe', 'pipe', 'inherit'] })
    shell.stdin.end(commands!.replaceAll('localhost:8080', cluster.http(1)))
    let output = ''
    shell.stdout.on('data', (piece) => (output += piece))
    const [code] = await once(shell, 'close')
    expect(code).toBe(0)
    expect([...output.matchAll(/^HTTP\/1.1 (\d+)/gm)].map(([, status]) => status)).toEqual(['201', '204', '204'])
    expect(output).toContain('data:compiling\ndata:done\n')
    expect(output).toContain('"streamClosed":true')
  })

  it('wake workers as the page shows it with curl', async () => {
    const text = await readFile(join(root, 'docs/guides/durable-streams.md'), 'utf8')
    const [, [, commands]] = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)] as unknown as [unknown, [string, string]]
    const shell = spawn('bash', ['-e'], { stdio: ['pipe', 'pipe', 'inherit'] })
    shell.stdin.end(commands.replaceAll('localhost:8080', cluster.http(1)))
    let output = ''
    shell.stdout.on('data', (piece) => (output += piece))
    const [code] = await once(shell, 'close')
    expect(code).toBe(0)
    expect(output).toMatch(/"wake_id":"w_.*"generation":1.*"path":"builds\/1".*"has_pending":true/)
  })

  it('are written once and read whole, while each broker in turn is killed', async () => {
    const { writeAnswer, follow } = (await import(await codeOf('durable-streams.md', folder))) as Guide
    const parts = Array.from({ length: 100 }, (_, number) => `${number} `)
    const written = writeAnswer(servers(), 'answers/1', parts)
    await expect.poll(async () => (await fetch(`${servers()[0]}/streams/answers/1`)).status).toBe(200)
    const reading = (async () => {
      let read = ''
      for await (const part of follow(servers(), 'answers/1')) read += part
      return read
    })()
    for (const id of cluster.ids) {
      await cluster.kill(id)
      await cluster.launch(id)
      await cluster.ready([id])
    }
    await written
    expect(await reading).toBe(parts.join(''))
    await expect(writeAnswer(servers(), 'answers/1', ['late'], 1)).rejects.toThrow('STREAM_')
  })
})

describe('testing with the real broker, and simulating a service', () => {
  it.each([
    ['testing.md', 4],
    ['simulation.md', 5],
  ])(
    '%s has tests that pass',
    async (guide, count) => {
      const tests = spawn(process.execPath, ['--test', await codeOf(guide, folder)], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let output = ''
      for (const stream of [tests.stdout, tests.stderr]) stream.on('data', (chunk) => (output += chunk))
      const [code] = await once(tests, 'close')
      expect(output).toMatch(new RegExp(`pass ${count}\\n`))
      expect(code, output).toBe(0)
    },
    240_000,
  )
})
