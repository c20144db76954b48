import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../architecture/source-tree.ts'
import type { Failure } from './fuzz.ts'

/** Inputs that failed once, as hexadecimal text: `cases/TARGET-NUMBER.hex`. Each is a test from then on. */
const folder = join(root, 'test', 'fuzz', 'cases')

export function readCases(): { readonly name: string; readonly target: string; readonly input: Uint8Array }[] {
  mkdirSync(folder, { recursive: true })
  return readdirSync(folder)
    .filter((name) => name.endsWith('.hex'))
    .sort()
    .map((name) => {
      const hex = readFileSync(join(folder, name), 'utf8').replace(/\s/g, '')
      return { name, target: name.replace(/-\d+\.hex$/, ''), input: Uint8Array.from(Buffer.from(hex, 'hex')) }
    })
}

/** @returns the file's path from the repository's root */
export function writeCase({ target, input }: Failure): string {
  const number = readCases().filter((known) => known.target === target).length + 1
  const name = `${target}-${number}.hex`
  const lines = Buffer.from(input)
    .toString('hex')
    .match(/.{1,96}/g) ?? ['']
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
  return `test/fuzz/cases/${name}`
}
