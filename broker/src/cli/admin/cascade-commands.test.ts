import { afterEach, describe, expect, it } from 'vitest'
import type { CascadeStatus } from '../../cascade/wire/cascade-messages.ts'
import { runCommandLine } from '../cli.ts'
import { type AnsweringServer, answeringServer } from '../testing/answering-server.ts'
import { memoryTerminal } from '../testing/memory-terminal.ts'

const servers: AnsweringServer[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function run(args: string[], environment: Record<string, string> = {}) {
  const terminal = memoryTerminal({ environment })
  const code = await runCommandLine(['cascade', ...args], terminal)
  return { code, out: terminal.text(), err: terminal.err.join('\n') }
}

const one = { broker: 201, directoryId: 'd', http: 'h:1', level: 2, home: 2, source: 101, pinned: 101, assigned: 101 }
const featureLevels = { lowest: 1, highest: 1 }
const status: CascadeStatus = {
  brokers: [
    {
      ...one,
      lagRecords: 12,
      lagBytes: 3456,
      lagMs: 34,
      partitions: 3,
      stopped: 0,
      ageMs: 5,
      sentBytesPerSecond: 2_500_000,
      featureLevels,
      missedRecords: 9,
      topics: ['a', 'b*'],
    },
  ],
}

describe('tailrace cascade', () => {
  it.each([
    [['--id', '101', '--data', 'd'], 'source is missing: give the HTTP address of a broker with --source'],
    [['--id', '101', '--data', 'd', '--source', '8080'], '--source is "8080"'],
    [['--id', '101', '--data', 'd', '--join', 'a:1'], "unknown option '--join'"],
    [['assign', '201'], "required option '--source <broker>' not specified"],
    [['assign', 'x', '--source', '1'], 'must be broker numbers'],
  ])('M88 %j is refused with exit code 2', async (args, message) => {
    const { code, err } = await run(args)
    expect(err).toContain(message)
    expect(code).toBe(2)
  })

  it('M88 shows levels, sources and lag; M89 and the choice of an operator', async () => {
    const server = await answeringServer({ 'GET /cascade': { body: status } })
    servers.push(server)
    const { out } = await run(['status', '--server', server.address])
    expect(out).toMatch(/BROKER +LEVEL +HTTP +SOURCE +ASSIGNED +LAG +SIZE +BEHIND FOR +BELOW +SENT/)
    expect(out).toMatch(/201 +2 +h:1 +101 +101 \(chosen\) +12 records +3.5 KB +34 ms +0 +2.5 MB\/s +3 +0 +9 +a,b\*/)
    expect(JSON.parse((await run(['status', '--json', '--server', server.address])).out)).toEqual(status)
  })

  it('M88 shows which broker copies from which as a tree, also those whose source is unknown', async () => {
    const broker = (id: number, level: number, source: number) =>
      ({ ...status.brokers[0]!, broker: id, http: `h:${id}`, level, source, lagRecords: id }) as const
    const brokers = [
      broker(101, 1, 1),
      broker(102, 1, 1),
      broker(201, 2, 101),
      broker(202, 2, 101),
      broker(301, 3, 299),
    ]
    const level0 = [1, 2].map((id) => ({ id, http: `h:${id}`, peer: '', level: 0, alive: true, pid: 1 }))
    const cluster = { clusterId: 'c', metadataLeader: 1, brokers: [...level0, { ...level0[0], id: 101, level: 1 }] }
    const server = await answeringServer({ 'GET /cascade': { body: { brokers } }, 'GET /cluster': { body: cluster } })
    servers.push(server)
    expect((await run(['tree', '--server', server.address])).out.trimEnd().split('\n')).toEqual([
      '1 (level 0, h:1)',
      '├─ 101 (level 1, h:101, 101 records, 3.5 KB, 0.034 s behind)',
      '│  ├─ 201 (level 2, h:201, 201 records, 3.5 KB, 0.034 s behind)',
      '│  └─ 202 (level 2, h:202, 202 records, 3.5 KB, 0.034 s behind)',
      '└─ 102 (level 1, h:102, 102 records, 3.5 KB, 0.034 s behind)',
      '2 (level 0, h:2)',
      'without a source',
      '└─ 301 (level 3, h:301, 301 records, 3.5 KB, 0.034 s behind)',
    ])
    const racked = { ...cluster, brokers: [{ ...level0[0], rack: 'west' }] }
    const below = { brokers: [{ ...broker(101, 1, 1), rack: 'east' }] }
    const placed = await answeringServer({ 'GET /cascade': { body: below }, 'GET /cluster': { body: racked } })
    servers.push(placed)
    expect((await run(['tree', '--server', placed.address])).out.trimEnd().split('\n')).toEqual([
      '1 (level 0, h:1, rack west)',
      '└─ 101 (level 1, h:101, rack east, 101 records, 3.5 KB, 0.034 s behind)',
    ])
    expect((await run(['status', '--server', placed.address])).out).toMatch(/HTTP +RACK +SOURCE[\s\S]* h:101 +east +1 /)
    const shown = JSON.parse((await run(['tree', '--json', '--server', server.address])).out)
    expect(shown.brokers[0].below[0].below.map(({ broker }: { broker: number }) => broker)).toEqual([201, 202])
    expect((await run(['list', '--server', server.address])).out).toMatch(/BROKER +LEVEL/)
  })

  it('M89 asks for the chosen source, or for none', async () => {
    const server = await answeringServer({ 'PUT /cascade/brokers/201/source': { status: 204 } })
    servers.push(server)
    const { out } = await run(['assign', '201', '--source', '102', '--server', server.address])
    expect(out).toBe('broker 201 copies from 102\n')
    await run(['assign', '201', '--source', 'auto', '--server', server.address])
    expect(server.asked.map(({ body }) => body)).toEqual([{ source: 102 }, { source: 0 }])
  })
})
