import { formatTable } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { Acknowledgements } from '../../../../test/conformance/log-writer.ts'
import { IdentityFile } from '../../cluster/formation/identity-file.ts'
import { LivesFile } from '../../cluster/formation/lives-file.ts'
import { openLogStorage } from '../../log/open.ts'
import { writeDataFormat } from '../../log/recovery/data-format.ts'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { options } from '../../log/testing/small-log.ts'
import { saveCheckpoint } from '../../partition/replica/state/checkpoint.ts'
import { saveInstallRecord } from '../../partition/replica/state/install-record.ts'
import { DiskError } from '../../platform/disk.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrc32c as crc32c } from '../../platform/node/checksum.ts'
import { settled } from '../../platform/testing/clock.ts'
import { promptClock } from '../../platform/testing/prompt-clock.ts'
import { UsageError } from '../command-failure.ts'
import { memoryTerminal } from '../testing/memory-terminal.ts'
import { takeFolder, whileAtRest } from './folder-at-rest.ts'
import { readProgress } from './read-progress.ts'
import { verifyFolder } from './verify-folder.ts'
import { verifiedText } from './verify-text.ts'

/** All files of a data folder but RocksDB's, whose place a store in memory takes. */
async function stoppedBroker(): Promise<{ disk: MemoryDisk; store: MemoryStore }> {
  const disk = new MemoryDisk()
  const store = new MemoryStore()
  await new IdentityFile(disk, 'data', 7).load({ uuid: () => '1'.repeat(36) } as never)
  await new LivesFile(disk, 'data').begin('a life')
  await disk.makeFolder('data/state')
  await disk.open('data/state/CURRENT')
  const storage = await openLogStorage({ disk, clock: promptClock, crc32c }, { ...options, folder: 'data/log' })
  const writer = new Acknowledgements(storage).writer(storage.create(1))
  writer.write({ vote: { term: 3, votedFor: 7 }, control: 'term', sizes: [50, 60] })
  await settled()
  await storage.close()
  await writeDataFormat(disk, 'data', crc32c)
  await store.write([['format', new TextEncoder().encode('1')]])
  await saveCheckpoint(
    store,
    1,
    { commitIndex: 3, highWatermark: 4, producersIndex: 3, producers: [], fence: -1, deletedBefore: 0 },
    crc32c,
  )
  return { disk, store }
}

const verify = ({ disk, store }: { disk: MemoryDisk; store: MemoryStore }) =>
  verifyFolder({ disk, crc32c, folder: 'data', openState: async () => store, onRead: () => {} })

const damagesOf = async (broker: Awaited<ReturnType<typeof stoppedBroker>>) =>
  (await verify(broker)).findings
    .filter(({ severity }) => severity === 'damage')
    .map(({ file, problem }) => ({ file, problem }))

test('the folder of a stopped broker is sound, and is told by partition', async () => {
  const found = await verify(await stoppedBroker())
  expect(found).toMatchObject({ broker: 7, sound: true, findings: [], state: { pairs: 2 } })
  expect(verifiedText(found, 80).split('\n').slice(-4)).toEqual([
    'PARTITION  TERM  ENTRIES  RECORDS  BYTES  FIRST  LAST  SEGMENTS  STATE',
    'group 1       3        3        4  344 B      0     3         1  sound',
    '',
    'sound: 1 replica, 4 records, 344 B',
  ])
})

test.each([
  ['data/identity.json', 60, 'checksum is wrong'],
  ['data/lives.json', 14, 'not as it was written'],
  ['data/format', 3, 'not as it was written'],
  ['data/log/durable', 9, 'not as it was written'],
  ['data/log/checkpoint-b', 70, 'not as it was written'],
])('a changed bit in %s is found', async (path, position, problem) => {
  const broker = await stoppedBroker()
  broker.disk.flip(path, position, 1)
  expect(await damagesOf(broker)).toEqual([{ file: path, problem: expect.stringContaining(problem) }])
})

test('damage is listed for people with the place and the next step, and the summary counts it', async () => {
  const broker = await stoppedBroker()
  const segment = broker.disk.paths().find((path) => path.endsWith('.log'))!
  broker.disk.flip(segment, 200, 1)
  const text = verifiedText(await verify(broker), 200)
  expect(text).toContain(`DAMAGE  ${segment} at `)
  expect(text).toMatch(/\n {2}Start the broker while the brokers of the other replicas run/)
  expect(text).toMatch(/ damaged\n/)
  expect(text).toMatch(/\ndamaged: 1 place; 1 replica, 4 records/)
})

test('a state store that cannot be opened, has lost its list of files or everything is damage', async () => {
  const broker = await stoppedBroker()
  const openState = () => Promise.reject(new Error('block checksum mismatch'))
  const { findings, state } = await verifyFolder({ ...broker, crc32c, folder: 'data', openState, onRead: () => {} })
  expect(findings).toMatchObject([{ file: 'data/state', problem: 'block checksum mismatch' }])
  expect(state).toBeNull()
  await broker.disk.open('data/state/LOCK')
  await broker.disk.remove('data/state/CURRENT')
  expect(await damagesOf(broker)).toEqual([{ file: 'data/state/CURRENT', problem: 'it is missing' }])
  await broker.disk.remove('data/state/LOCK')
  expect(await damagesOf(broker)).toEqual([{ file: 'data/state', problem: 'the state store is missing' }])
})

test('a log that ends before what was committed has lost entries, unless another log is about to take its place', async () => {
  const broker = await stoppedBroker()
  const ahead = { commitIndex: 9, highWatermark: 12, producersIndex: 9, producers: [], fence: -1, deletedBefore: 0 }
  await saveCheckpoint(broker.store, 1, ahead, crc32c)
  expect((await damagesOf(broker))[0]!.problem).toBe('the log ends with entry 3, and entry 9 was committed here')
  await saveInstallRecord(broker.store, 1, { lastIndex: 9, lastTerm: 3 })
  expect(await damagesOf(broker)).toEqual([])
})

test('a value of the state store that does not have its fields is damage', async () => {
  const broker = await stoppedBroker()
  await broker.store.write([['meta/head', new TextEncoder().encode('{}')]])
  expect((await damagesOf(broker))[0]).toMatchObject({ file: 'data/state' })
})

test.each<[string, (broker: Awaited<ReturnType<typeof stoppedBroker>>) => unknown]>([
  ['dataFolder', ({ disk }) => put(disk, 'data/format', `tailrace-data-2 ${checksum('tailrace-data-2')}\n`)],
  ['lives', ({ disk }) => put(disk, 'data/lives.json', `${checksum('{"version":2}')} {"version":2}`)],
  ['segment', ({ disk }) => disk.open(`${disk.paths().find((path) => path.endsWith('.log'))}2`)],
  ['stateStore', ({ store }) => store.write([['format', new TextEncoder().encode('2')]])],
])('a newer version of %s is refused by name', async (name, change) => {
  const broker = await stoppedBroker()
  await change(broker)
  const { what } = formatTable[name as keyof typeof formatTable]
  await expect(verify(broker)).rejects.toMatchObject({ code: 'NEWER_FORMAT', message: expect.stringContaining(what) })
})

function checksum(text: string): number {
  return crc32c(Buffer.from(text), 0, Buffer.byteLength(text))
}

async function put(disk: MemoryDisk, path: string, text: string): Promise<void> {
  const file = await disk.open(path)
  await file.truncate(0)
  await file.write([Buffer.from(text)], 0)
}

test('a folder that is none of a broker, or that a broker uses, is refused', async () => {
  const { disk } = await stoppedBroker()
  const nobody = { disk, lockHolder: async () => null }
  await expect(takeFolder('elsewhere', nobody)).rejects.toThrow(UsageError)
  await expect(takeFolder('data', { disk, lockHolder: async () => 4711 })).rejects.toThrow(/in use by the process 4711/)
  await takeFolder('data', nobody)
  await expect(takeFolder('data', nobody)).rejects.toThrow(/in use by a broker/)
})

test('what is found counts only while no file of the folder changes', async () => {
  let stamps = new Map([
    ['data/a', '1'],
    ['data/b', '1'],
  ])
  const access = { stampsOf: async () => stamps }
  expect(await whileAtRest('data', access, async () => 'found')).toBe('found')
  await expect(whileAtRest('data', access, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine')
  const changes = [
    [
      ['data/a', '1'],
      ['data/b', '2'],
    ],
    [['data/a', '1']],
    [
      ['data/a', '1'],
      ['data/b', '1'],
      ['data/c', '1'],
    ],
  ] as [string, string][][]
  for (const after of changes) {
    const before = stamps
    const work = async () => {
      stamps = new Map(after)
      throw new Error('a file is gone')
    }
    const changed = whileAtRest('data', access, work)
    await expect(changed).rejects.toThrow(UsageError)
    await expect(changed).rejects.toThrow(/^data has changed while it was read \(data\/[bc]\)/)
    stamps = before
  }
})

const refused = (path: string, code: string): DiskError =>
  new DiskError('failed', `cannot open ${path}: ${code}`, { cause: Object.assign(new Error(code), { code }) })

test.each(['EACCES', 'EPERM', 'EMFILE', 'ENFILE', 'ENOMEM'])(
  'a file that the system does not open with %s is no damage: nothing is known of it',
  async (code) => {
    const broker = await stoppedBroker()
    const opened = broker.disk.open.bind(broker.disk)
    for (const ending of ['identity.json', '.log', '.index', '.journal', 'checkpoint-a']) {
      broker.disk.open = async (path) => {
        if (path.endsWith(ending)) throw refused(path, code)
        return opened(path)
      }
      await expect(verify(broker), ending).rejects.toThrow(code)
      broker.disk.open = async (path) => {
        const file = await opened(path)
        if (path.endsWith(ending)) file.read = () => Promise.reject(refused(path, code))
        return file
      }
      await expect(verify(broker), ending).rejects.toThrow(code)
    }
  },
)

test.each(['Permission denied', 'Too many open files', 'Cannot allocate memory'])(
  'a state store that the system does not open with "%s" is no damage',
  async (text) => {
    const broker = await stoppedBroker()
    const error = new Error(`IO error: While opening a file for sequentially reading: data/state/CURRENT: ${text}`)
    const openState = () => Promise.reject(error)
    const verified = verifyFolder({ ...broker, crc32c, folder: 'data', openState, onRead: () => {} })
    await expect(verified).rejects.toThrow(DiskError)
  },
)

test('progress is drawn where a person watches, and Ctrl-C ends the work', async () => {
  const terminal = memoryTerminal({ watched: true })
  let draw = () => {}
  const clock = {
    every: (_: number, work: () => void) => {
      draw = work
      return { cancel: () => {} }
    },
  }
  const progress = await readProgress(async () => 4000, clock as never, terminal)
  progress.onRead(1000)
  draw()
  expect(terminal.drawn).toEqual(['\r\x1b[K25 %  1.0 KB of 4.0 KB'])
  terminal.interrupt()
  expect(() => progress.onRead(1)).toThrow()
})

test('where nobody watches, the size of the folder is not asked for', async () => {
  const size = () => Promise.reject(new Error('every file is looked at'))
  const terminal = memoryTerminal()
  const progress = await readProgress(size, promptClock, terminal)
  progress.onRead(1000)
  progress.end()
  expect(terminal.drawn).toEqual([])
})
