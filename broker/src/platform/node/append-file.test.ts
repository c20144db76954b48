import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openAppendFile } from './append-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'tailrace-append-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the log of another process', () => {
  it('is bounded: files of one size, the newest of them kept, nothing lost at a change', async () => {
    const path = join(folder, 'sub', 'a.log')
    const options = { fileBytes: 1000, kept: 2 }
    for (let run = 0; run < 2; run++) {
      const file = openAppendFile(path, options)
      for (let at = 0; at < 200; at++) {
        file.write(`line ${run * 200 + at}\n`)
        if (at % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      await file.close()
    }
    const names = readdirSync(join(folder, 'sub')).sort()
    expect(names).toEqual(['a.log', 'a.log.1', 'a.log.2'])
    const text = [...names].reverse().map((name) => readFileSync(join(folder, 'sub', name), 'utf8'))
    const numbers = text
      .join('')
      .trim()
      .split('\n')
      .map((line) => Number(line.slice(5)))
    expect(numbers.at(-1)).toBe(399)
    expect(numbers).toEqual(numbers.map((_, at) => numbers[0]! + at))
    for (const name of names) expect(statSync(join(folder, 'sub', name)).size).toBeLessThan(3000)
  })

  it('drops lines while it cannot be written, and writes again when it can', async () => {
    const path = join(folder, 'b.log')
    mkdirSync(path)
    const file = openAppendFile(path)
    file.write('dropped\n')
    await new Promise((resolve) => setTimeout(resolve, 50))
    rmSync(path, { recursive: true })
    for (let tries = 0; tries < 100 && !(statSync(path, { throwIfNoEntry: false })?.size ?? 0); tries++) {
      file.write('kept\n')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await file.close()
    expect(readFileSync(path, 'utf8')).toMatch(/^(kept\n)+$/)
  })
})
