import fc from 'fast-check'
import { expect, it } from 'vitest'
import { linesOf } from './lines.ts'

async function* inPieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0
  for (const size of sizes) {
    yield bytes.slice(start, start + size)
    start += size
  }
  yield bytes.slice(start)
}

async function linesIn(text: string, sizes: readonly number[] = [], longest = 1000): Promise<[number, string][]> {
  const all: [number, string][] = []
  for await (const lines of linesOf(inPieces(Buffer.from(text), sizes), longest)) {
    for (const line of lines) all.push([line.number, Buffer.from(line.bytes).toString()])
  }
  return all
}

it('counts from 1, takes LF and CR LF, leaves out empty lines, needs no last line end', async () => {
  expect(await linesIn('a\r\n\n\r\nb\nc')).toEqual([
    [1, 'a'],
    [4, 'b'],
    [5, 'c'],
  ])
  expect(await linesIn('')).toEqual([])
  expect(await linesIn('a\n')).toEqual([[1, 'a']])
})

it('gives the same lines however the stream is cut', async () => {
  const text = fc.array(fc.constantFrom('a', 'é', '\n', '\r\n', '流'), { maxLength: 40 }).map((parts) => parts.join(''))
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 12 }), async (content, sizes) => {
      const expected = content.split('\n').map((line, index) => [index + 1, line.replace(/\r$/, '')])
      expect(await linesIn(content, sizes)).toEqual(expected.filter(([, line]) => line !== ''))
    }),
  )
})

it('names the line that is too long, before it is held in memory', async () => {
  await expect(linesIn('ab\nabcdef\n', [], 5)).rejects.toThrow('Line 2 is longer than 5 bytes')
  await expect(linesIn('ab\nabcdefghi', [4, 1, 1, 1, 1], 5)).rejects.toThrow('Line 2 is longer than 5 bytes')
  expect(await linesIn('abcde\nabcde', [2, 2, 2, 3], 5)).toHaveLength(2)
})
