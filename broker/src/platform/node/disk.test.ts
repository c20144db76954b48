import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32c } from '@tailrace/schemas'
import { describe, expect, test } from 'vitest'
import { diskConformance } from '../../../../test/conformance/disk.ts'
import { nodeCrc32c } from './checksum.ts'
import { nodeDisk } from './disk.ts'

describe('the disk of the machine', () => {
  diskConformance(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tailrace-disk-'))
    return { disk: nodeDisk, folder, dispose: () => rm(folder, { recursive: true, force: true }) }
  })
})

test('a lock ends with the process that holds it, also when it is killed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tailrace-lock-'))
  const script = `
    import { nodeDisk } from ${JSON.stringify(new URL('./disk.ts', import.meta.url).href)}
    await nodeDisk.lock(${JSON.stringify(folder)})
    console.log('locked')
    setInterval(() => {}, 1000)
  `
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  await expect(nodeDisk.lock(folder)).rejects.toMatchObject({ kind: 'locked' })
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  await nodeDisk.lock(folder)
  await rm(folder, { recursive: true, force: true })
})

test("the machine's CRC-32C is the portable one", () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 31) & 255)
  for (const end of [4, 400, 777]) expect(nodeCrc32c(bytes, 3, end)).toBe(crc32c(bytes, 3, end))
  expect(nodeCrc32c(bytes.subarray(100), 0, 0)).toBe(0)
})

describe('a write that is durable when it resolves', () => {
  test('writes its bytes and no others, however the file is called by then', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tailrace-durable-'))
    const file = await nodeDisk.open(join(folder, 'a'))
    await file.write([new Uint8Array(8192).fill(1)], 0)
    await nodeDisk.rename(join(folder, 'a'), join(folder, 'b'))
    await (file.writeDurably?.(new Uint8Array(4096).fill(2), 4096) ?? file.write([new Uint8Array(4096).fill(2)], 4096))
    await file.close()
    expect(await nodeDisk.list(folder)).toEqual(['b'])
    const again = await nodeDisk.open(join(folder, 'b'))
    const bytes = new Uint8Array(8192)
    expect(await again.read(bytes, 0)).toBe(8192)
    expect([bytes[0], bytes[4095], bytes[4096], bytes[8191]]).toEqual([1, 1, 2, 2])
    await again.close()
    await rm(folder, { recursive: true, force: true })
  })
})
