import { expect, test } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import { openClusterKeys } from './cluster-key-file.ts'

const line = (byte: number) => Buffer.alloc(32, byte).toString('base64')
const nextTurn = () => new Promise<void>((done) => setImmediate(done))

async function opened(content: string | Error, clusterKey: 'required' | 'optional' = 'required', path = '/key') {
  const clock = new ManualClock()
  const log: string[] = []
  const write = (level: string) => (fields: object, message: string) =>
    void log.push(`${level} ${message} ${JSON.stringify(fields)}`)
  const logger = { info: write('info'), warn: write('warn'), error: write('error') }
  const file = { content }
  const read = async (): Promise<string> => {
    if (file.content instanceof Error) throw file.content
    return file.content
  }
  const keys = await openClusterKeys(
    { clusterKeyFile: path, clusterKey },
    { read, stamp: async () => String(file.content), clock, logger },
  )
  const pass = (ms: number) => clock.advance(ms, nextTurn)
  return { keys, file, log, pass, first: () => keys!.current().map((key) => key[0]) }
}

test('without a file there are no keys, and the log says what that means', async () => {
  const { keys, log } = await opened('', 'required', '')
  expect(keys).toBeNull()
  expect(log).toEqual([expect.stringMatching(/^warn there is no clusterKeyFile: any program/)])
})

test('a file that changes counts within seconds, and one that is spoilt does not', async () => {
  const { file, log, pass, first, keys } = await opened(line(1))
  expect([keys!.required, first()]).toEqual([true, [1]])
  file.content = `${line(2)}\n${line(1)}`
  await pass(2100)
  expect(first()).toEqual([2, 1])
  file.content = ''
  await pass(6000)
  expect(first()).toEqual([2, 1])
  file.content = new Error('/key can be opened by others')
  await pass(6000)
  expect(first()).toEqual([2, 1])
  file.content = line(2)
  await pass(2100)
  expect(first()).toEqual([2])
  expect(log).toEqual([
    'info the cluster key file has changed {"path":"/key"}',
    expect.stringMatching(/^error the cluster key file that was read before stays in use .*has 0 keys/),
    expect.stringMatching(/^error the cluster key file that was read before stays in use .*can be opened by others/),
    'info the cluster key file has changed {"path":"/key"}',
  ])
})

test('it is read no more after the close', async () => {
  const { keys, file, pass, first } = await opened(line(1))
  keys!.close()
  file.content = line(2)
  await pass(5000)
  expect(first()).toEqual([1])
})

test('optional: unproven brokers are taken, and the log says so', async () => {
  const { keys, log } = await opened(line(1), 'optional')
  expect(keys!.required).toBe(false)
  expect(log).toEqual([expect.stringMatching(/^warn clusterKey is optional/)])
})

test('a file that cannot be used ends the start', async () => {
  for (const content of ['', new Error('ENOENT')])
    await expect(opened(content)).rejects.toMatchObject({ code: 'INVALID_SETTING' })
})
