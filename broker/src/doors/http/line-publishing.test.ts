import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { MemoryTables } from '../../security/testing/memory-tables.ts'
import { type Fixture, startGateway } from '../testing/running-gateway.ts'

let fixture: Fixture
const limits = { maxBodyBytes: 100_000, receiveTimeoutMs: 400, stallGraceMs: 200 }
beforeEach(async () => {
  fixture = await startGateway(nodeClock, nodeRandom, limits)
})
afterEach(() => fixture.gateway.close())

const type = { 'content-type': 'application/x-ndjson' }
const path = '/topics/flights/records'
const onePath = '/topics/flights/partitions/1/records'

/** A publish whose body is written bit by bit. */
class Upload {
  readonly asked: ClientRequest
  readonly answer: Promise<Answer>

  constructor(of: string = path, headers: Record<string, string> = {}) {
    this.asked = request(`${fixture.url}${of}`, { method: 'POST', agent: false, headers: { ...type, ...headers } })
    // The broker closes the connection where it does not take the rest.
    this.asked.on('error', () => {})
    this.answer = this.#answer()
    this.answer.catch(() => {})
  }

  write(text: string): boolean {
    return this.asked.write(text)
  }

  end(text = ''): Promise<Answer> {
    this.asked.end(text)
    return this.answer
  }

  async #answer(): Promise<Answer> {
    const [answer] = (await once(this.asked, 'response')) as [IncomingMessage]
    let text = ''
    for await (const piece of answer) text += piece
    return { status: answer.statusCode!, headers: answer.headers, body: JSON.parse(text) }
  }
}

interface Answer {
  status: number
  headers: IncomingMessage['headers']
  // biome-ignore lint/suspicious/noExplicitAny: what the assertions are about
  body: any
}

const lineOf = (record: object): string => `${JSON.stringify(record)}\n`

async function valuesOf(partition: number): Promise<string[]> {
  const answer = await fetch(`${fixture.url}/topics/flights/partitions/${partition}/records?offset=earliest`, {
    headers: { accept: 'application/x-ndjson' },
  })
  const lines = (await answer.text()).split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line).value)
}

async function heldBytes(): Promise<number> {
  return Number(/held_bytes\{what="received"\} (\d+)/.exec(await fixture.gateway.registry.metrics())![1])
}

describe('lines', () => {
  it('are written, each to its partition and in order, and counted', async () => {
    const upload = new Upload()
    const lines = Array.from({ length: 20_000 }, (_, i) => lineOf({ value: `${i}`, partition: i % 3 }))
    const { status, body } = await upload.end(`${lines.join('')}\n`)
    expect(status).toBe(200)
    expect(body).toMatchObject({ acknowledged: 20_001, records: 20_000 })
    expect(body.partitions).toHaveLength(3)
    expect(body.partitions[0]).toMatchObject({ partition: 0, records: 6_667, offset: 0, endOffset: 6_667 })
    expect(body.partitions[0].holders).toEqual([1])
    for (const partition of [0, 1, 2]) {
      const values = await valuesOf(partition)
      expect(values).toEqual(Array.from({ length: values.length }, (_, at) => `${3 * at + partition}`))
    }
    expect(await heldBytes()).toBe(0)
    const metrics = await fixture.gateway.registry.metrics()
    expect(metrics).toMatch(/tailrace_publish_records_total\{transport="http"\} 20000/)
  })

  it('are values as they are with lines=values, and read lines can be published', async () => {
    await new Upload(`${path}?lines=values`).end('{"delay":3}\nplain\r\n')
    const all = (await Promise.all([0, 1, 2].map(valuesOf))).flat()
    expect(all).toEqual(['{"delay":3}', 'plain'])
    const read = await fetch(`${fixture.url}${onePath.replace('1', `${(await placeOf(all[0]!))!}`)}?offset=0`, {
      headers: { accept: 'application/x-ndjson' },
    })
    const { body } = await new Upload().end(await read.text())
    expect(body).toMatchObject({ acknowledged: 2, records: 2 })
  })

  const placeOf = async (value: string) => {
    for (const partition of [0, 1, 2]) if ((await valuesOf(partition)).includes(value)) return partition
    return null
  }

  it('are on the disks before the body ends, however few they are', async () => {
    const upload = new Upload()
    upload.write(lineOf({ value: 'early', partition: 0 }))
    await expect.poll(() => valuesOf(0)).toEqual(['early'])
    upload.write(lineOf({ value: 'later', partition: 0 }))
    await expect.poll(() => valuesOf(0)).toEqual(['early', 'later'])
    expect((await upload.end()).body.acknowledged).toBe(2)
  })

  it('need one at least', async () => {
    for (const body of ['', '\n\r\n']) {
      const answer = await new Upload().end(body)
      expect([answer.status, answer.body.code]).toEqual([400, 'INVALID_RECORD'])
    }
  })

  it('may take longer than a body in JSON', async () => {
    const upload = new Upload()
    for (let i = 0; i < 8; i++) {
      // An empty line is a sign of life.
      upload.write(i % 2 === 0 ? lineOf({ value: `${i}`, partition: 0 }) : '\n')
      await pause(250)
    }
    expect((await upload.end()).body).toMatchObject({ acknowledged: 8, records: 4 })
  })
})

describe('an error', () => {
  it('names the first line that is wrong, behind lines that are written', async () => {
    const upload = new Upload()
    upload.write(Array.from({ length: 6_000 }, (_, i) => lineOf({ value: `${i}`, partition: 0 })).join(''))
    upload.write('{"value":3}\n')
    const { status, body, headers } = await upload.end(lineOf({ value: 'never', partition: 0 }))
    expect(status).toBe(400)
    expect(body).toMatchObject({ code: 'INVALID_RECORD', acknowledged: 6_000, line: 6_001, retriable: false })
    expect(body.message).toContain('Line 6001.value is a number')
    expect(headers['cache-control']).toBe('no-store')
    expect(await valuesOf(0)).toHaveLength(6_000)
  })

  it('of a batch names the line in it, and nothing of that batch is written', async () => {
    const unknown = await new Upload().end(lineOf({ value: 'a' }) + lineOf({ value: 'b', partition: 7 }))
    expect([unknown.status, unknown.body.code]).toEqual([404, 'UNKNOWN_PARTITION'])
    expect(unknown.body).toMatchObject({ acknowledged: 0, line: 2 })
    const long = await new Upload().end(`{"value":"${'a'.repeat(200_000)}"}\n`)
    expect([long.status, long.body.code, long.body.line]).toEqual([413, 'FRAME_TOO_LARGE', 1])
    expect((await Promise.all([0, 1, 2].map(valuesOf))).flat()).toEqual([])
  })

  it('of the broker says how many lines are written', async () => {
    fixture.broker.gate = new Promise((resolve) => setTimeout(resolve, 100))
    const upload = new Upload()
    upload.write(lineOf({ value: 'a', partition: 0 }))
    await expect.poll(() => fixture.broker.publishes).toBe(1)
    fixture.broker.publishFailures.push('DISK_FULL')
    upload.write(lineOf({ value: 'b', partition: 0 }))
    // Without an end of the body: the answer does not wait for it.
    const { status, body, headers } = await upload.answer
    expect([status, headers.connection]).toEqual([507, 'close'])
    expect(body).toMatchObject({ code: 'DISK_FULL', acknowledged: 1, line: 2 })
  })

  it('reaches a client that has not stopped sending', async () => {
    const upload = new Upload()
    upload.write('{}\n')
    const more = setInterval(() => upload.write(lineOf({ value: 'x'.repeat(60_000) })), 1)
    const { status, body } = await upload.answer
    clearInterval(more)
    expect([status, body.line]).toEqual([400, 1])
  })

  it('once more is written once: the batch is sent again under its sequence', async () => {
    fixture.broker.publishFailures.push('lost', 'NOT_LEADER')
    const { body } = await new Upload().end(lineOf({ value: 'a', partition: 0 }))
    expect(body).toMatchObject({ acknowledged: 1, partitions: [{ offset: 0, endOffset: 1 }] })
    expect(await valuesOf(0)).toEqual(['a'])
  })
})

describe('under a condition', () => {
  it('all batches stand one behind the other, and what was sent once more is refused', async () => {
    const lines = Array.from({ length: 12_000 }, (_, i) => lineOf({ value: `${i}` })).join('')
    const first = await new Upload(`${onePath}?expectedOffset=0`).end(lines)
    expect(first.body).toMatchObject({ acknowledged: 12_000 })
    expect(first.body.partitions).toMatchObject([{ partition: 1, records: 12_000, offset: 0, endOffset: 12_000 }])
    const again = await new Upload(`${onePath}?expectedOffset=0`).end(lines)
    expect([again.status, again.body.code]).toEqual([412, 'WRONG_EXPECTED_OFFSET'])
    expect(again.body).toMatchObject({ endOffset: 12_000, acknowledged: 0, line: 1 })
    expect(await valuesOf(1)).toHaveLength(12_000)
  })

  it('a writer that comes between them is noticed', async () => {
    const upload = new Upload(`${onePath}?expectedOffset=0`)
    upload.write(lineOf({ value: 'mine' }))
    await expect.poll(() => valuesOf(1)).toEqual(['mine'])
    await new Upload().end(lineOf({ value: 'another', partition: 1 }))
    const { status, body } = await upload.end(lineOf({ value: 'late' }))
    expect(status).toBe(412)
    expect(body).toMatchObject({ code: 'WRONG_EXPECTED_OFFSET', endOffset: 2, acknowledged: 1, line: 2 })
    expect(await valuesOf(1)).toEqual(['mine', 'another'])
  })

  it('no line may name another partition', async () => {
    const { body } = await new Upload(`${onePath}?expectedOffset=0`).end(lineOf({ value: 'x', partition: 2 }))
    expect(body).toMatchObject({ code: 'INVALID_RECORD', line: 1, acknowledged: 0 })
  })
})

describe('bounds', () => {
  it('a client that leaves in the middle of a line leaves nothing behind', async () => {
    const upload = new Upload()
    upload.write(lineOf({ value: 'whole', partition: 0 }))
    upload.write('{"value":"half')
    await expect.poll(() => valuesOf(0)).toEqual(['whole'])
    await expect.poll(heldBytes).toBeGreaterThan(0)
    upload.asked.destroy()
    await expect.poll(heldBytes).toBe(0)
    expect(await valuesOf(0)).toEqual(['whole'])
    expect(fixture.logged).toEqual([])
  })

  it('one that sends nothing more is told so, and so is one that never ends a line', async () => {
    const silent = new Upload()
    silent.write(lineOf({ value: 'a', partition: 0 }))
    const { status, body } = await silent.answer
    expect(status).toBe(504)
    expect(body).toMatchObject({ code: 'TIMED_OUT', acknowledged: 1, line: 2 })
    const slow = new Upload()
    slow.write('{')
    const trickle = setInterval(() => slow.write(' '), 50)
    expect((await slow.answer).body).toMatchObject({ code: 'TIMED_OUT', acknowledged: 0, line: 1 })
    clearInterval(trickle)
  })

  it.each(['falls silent', 'leaves'])(
    'of a client that %s nothing is written behind the batch under way',
    async (end) => {
      let open = (): void => {}
      fixture.broker.gate = new Promise((resolve) => (open = resolve))
      const upload = new Upload()
      upload.write(lineOf({ value: 'a', partition: 0 }))
      await expect.poll(() => fixture.broker.publishes).toBe(1)
      upload.write(lineOf({ value: 'b', partition: 0 }))
      await expect.poll(heldBytes).toBeGreaterThan(500)
      if (end === 'leaves') upload.asked.destroy()
      await pause(500)
      open()
      if (end !== 'leaves') expect((await upload.answer).body).toMatchObject({ code: 'TIMED_OUT', acknowledged: 1 })
      await expect.poll(heldBytes).toBe(0)
      expect(await valuesOf(0)).toEqual(['a'])
    },
  )

  it('what is not written yet is bounded: the client waits', async () => {
    let open = (): void => {}
    fixture.broker.gate = new Promise((resolve) => (open = resolve))
    const upload = new Upload()
    const line = lineOf({ value: 'x'.repeat(50_000), partition: 0 })
    let sent = 0
    for (let taken = true; taken || sent < 400; sent++) {
      taken = upload.write(line)
      if (!taken && (await Promise.race([once(upload.asked, 'drain'), pause(300)])) === undefined) break
    }
    // The batch under way, the next one, and what the two sockets hold.
    expect(await heldBytes()).toBeLessThan(2_000_000)
    expect(fixture.broker.publishes).toBe(1)
    open()
    expect((await upload.end()).body.records).toBe(sent + 1)
  })

  it('a late body in JSON is still cut off', async () => {
    const socket = connect({ host: '127.0.0.1', port: Number(fixture.address.split(':')[1]) })
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n`,
    )
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 .*"code":"TIMED_OUT"/s)
  })

  it('unfinished lines make room for other requests where memory is short', async () => {
    await fixture.gateway.close()
    const short = { stallGraceMs: 200, maxReceiveBytes: 500_000 }
    fixture = await startGateway(nodeClock, nodeRandom, short)
    const uploads = Array.from({ length: 20 }, () => new Upload())
    for (const upload of uploads) upload.write(`{"value":"${'x'.repeat(90_000)}`)
    const cut = await Promise.race(uploads.map(({ answer }) => answer))
    expect([cut.status, cut.body.code, cut.body.acknowledged]).toEqual([429, 'OVERLOADED', 0])
    expect(await heldBytes()).toBeLessThan(20 * 90_000)
    const headers = { 'content-type': 'application/json' }
    const publish = () =>
      fetch(`${fixture.url}${path}`, { method: 'POST', headers, body: '{"records":[{"value":"x"}]}' })
    await expect.poll(async () => (await publish()).status, { timeout: 10_000 }).toBe(200)
    for (const { asked } of uploads) asked.destroy()
    await expect.poll(heldBytes).toBe(0)
  })

  it('a broker that stops says how many lines are written', async () => {
    const upload = new Upload()
    upload.write(lineOf({ value: 'a', partition: 0 }))
    await expect.poll(() => valuesOf(0)).toEqual(['a'])
    const closed = fixture.gateway.close()
    const { status, body } = await upload.answer
    expect(status).toBe(503)
    expect(body).toMatchObject({ code: 'SHUTTING_DOWN', acknowledged: 1, line: 2 })
    await closed
    fixture = await startGateway(nodeClock, nodeRandom, limits)
  })
})

describe('rights and quotas', () => {
  let tables: MemoryTables
  beforeEach(async () => {
    await fixture.gateway.close()
    tables = new MemoryTables()
    fixture = await startGateway(nodeClock, nodeRandom, limits, undefined, { mode: 'required', tables: () => tables })
  })

  it('a sender without the right to write is refused before a line is read, and when it loses the right', async () => {
    const authorization = `Bearer ${tables.token('User:svc')}`
    const refused = await new Upload(path, { authorization, expect: '100-continue' }).answer
    expect([refused.status, refused.body.code]).toEqual([403, 'AUTHORIZATION_FAILED'])
    tables.rule('User:svc', 'write', { type: 'topic', name: 'flights' })
    const upload = new Upload(path, { authorization })
    upload.write(lineOf({ value: 'a', partition: 0 }))
    await expect.poll(() => fixture.broker.publishes).toBe(1)
    tables.forgetRules()
    const { status, body } = await upload.end(lineOf({ value: 'b', partition: 0 }))
    expect(status).toBe(403)
    expect(body).toMatchObject({ acknowledged: 1, line: 2 })
  })

  it('a sender over its quota is read more slowly, and not refused', async () => {
    tables.quota({ principal: 'User:svc' }, { produceBytesPerSecond: 100_000 })
    tables.rule('User:svc', 'write', { type: 'topic', name: 'flights' })
    const authorization = `Bearer ${tables.token('User:svc')}`
    const lines = lineOf({ value: 'x'.repeat(1_000), partition: 0 }).repeat(300)
    const started = performance.now()
    const { status, body } = await new Upload(path, { authorization }).end(lines)
    expect([status, body.records]).toEqual([200, 300])
    expect(performance.now() - started).toBeGreaterThan(1_500)
  })
})
