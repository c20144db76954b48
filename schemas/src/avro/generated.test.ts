import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import {
  generateAvroModule,
  generateCodecs,
  generatedCodecsFolder,
  generatedFile,
  generatedSdkFile,
  generateSdkModule,
} from '../../scripts/generate-avro.ts'
import { staleFiles, writeFolder } from '../../scripts/written-folder.ts'
import { MessageNumber } from '../messages.ts'

test('generated files say what the schemas say; if not: node schemas/scripts/generate-avro.ts', () => {
  expect(readFileSync(generatedFile, 'utf8')).toBe(generateAvroModule())
  expect(readFileSync(generatedSdkFile, 'utf8')).toBe(generateSdkModule())
  expect(staleFiles(generatedCodecsFolder, generateCodecs())).toEqual([])
})

test('a file of codecs that is old, missing or of no schema is stale, until all are written again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-codecs-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const url = pathToFileURL(`${folder}/`)
  const texts = generateCodecs()
  writeFolder(url, texts)
  expect(staleFiles(url, texts)).toEqual([])
  rmSync(join(folder, 'client.ts'))
  writeFileSync(join(folder, 'gone.ts'), '')
  writeFileSync(join(folder, 'raft.ts'), texts.get('raft.ts')!.replace('from.long()', 'from.int()'))
  expect(staleFiles(url, texts)).toEqual(['client.ts', 'gone.ts', 'raft.ts'])
  writeFolder(url, texts)
  expect(staleFiles(url, texts)).toEqual([])
})

test('the codec of a message has its name and stands once, in the file of its area', () => {
  const texts = [...generateCodecs()].filter(([file]) => file !== 'table.ts')
  for (const name of Object.keys(MessageNumber)) {
    const files = texts.filter(([, text]) => text.includes(`\nexport function read${name}(`))
    expect(files, name).toHaveLength(1)
  }
})

test('there is one schema for each message, and no other', () => {
  const files = readdirSync(new URL('../../avro/', import.meta.url))
  expect(files.sort()).toEqual(
    Object.keys(MessageNumber)
      .map((name) => `${name}.avsc`)
      .sort(),
  )
})

test('numbers are never given twice', () => {
  const numbers = Object.values(MessageNumber)
  expect(new Set(numbers).size).toBe(numbers.length)
})
