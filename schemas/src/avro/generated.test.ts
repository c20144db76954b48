import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { generateAvroModule, generateCodecs, generatedCodecsFile, generatedFile } from '../../scripts/generate-avro.ts'
import { MessageNumber } from '../messages.ts'

test('generated files say what the schemas say; if not: node schemas/scripts/generate-avro.ts', () => {
  expect(readFileSync(generatedFile, 'utf8')).toBe(generateAvroModule())
  expect(readFileSync(generatedCodecsFile, 'utf8')).toBe(generateCodecs())
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
