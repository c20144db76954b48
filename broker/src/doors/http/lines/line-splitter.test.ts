import { Buffer } from 'node:buffer'
import { expect, it } from 'vitest'
import { LineSplitter } from './line-splitter.ts'

/** All lines of a text that comes in pieces of so many bytes, each with its number. */
function split(text: string, pieceBytes: number, most = 100): [number, string][] {
  const splitter = new LineSplitter(most)
  const bytes = Buffer.from(text)
  const lines: [number, string][] = []
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    for (const line of splitter.lines(bytes.subarray(at, at + pieceBytes)))
      lines.push([splitter.number, line.toString()])
  }
  const last = splitter.last()
  if (last !== null) lines.push([splitter.number, last.toString()])
  return lines
}

it('gives the same lines whatever the pieces, with LF or CRLF, with or without a line end at the end', () => {
  const expected = [[1, 'one'], [3, 'zwölf'], [5, 'three'], [6, 'x']] // biome-ignore format: a table
  for (let bytes = 1; bytes < 30; bytes++) {
    expect(split('one\n\nzwölf\r\n\r\nthree\nx', bytes)).toEqual(expected)
    expect(split('one\n\nzwölf\n\nthree\nx\n', bytes)).toEqual(expected)
  }
  expect(split('', 1)).toEqual([])
  expect(split('\n\r\n', 1)).toEqual([])
})

it('refuses a line that is too long, and holds no more than that', () => {
  expect(split(`${'a'.repeat(10)}\nb`, 3, 10)).toHaveLength(2)
  expect(() => split(`x\n${'a'.repeat(11)}\nb`, 3, 10)).toThrow(/Line 2 has more than 10 bytes/)
  const splitter = new LineSplitter(10)
  expect([...splitter.lines(Buffer.from('12345'))]).toEqual([])
  // A line in as many pieces as bytes takes far more than its bytes.
  expect(splitter.heldBytes).toBe(5 + 128)
  expect([...splitter.lines(Buffer.from('6\n'))].map(String)).toEqual(['123456'])
  expect(splitter.heldBytes).toBe(0)
})
