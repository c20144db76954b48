const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d

export interface Line {
  /** From 1. */
  readonly number: number
  /** Without its line end. Shares memory with the chunk it came in. */
  readonly bytes: Uint8Array
}

/**
 * Cuts a stream of bytes into lines, a chunk's worth at a time; only an unfinished line is kept between chunks. Ends of
 * lines are LF or CR LF, the last line needs none, and empty lines are left out but counted. Throws RangeError on a
 * line above `longest` bytes.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, longest: number): AsyncGenerator<Line[]> {
  let rest: Uint8Array[] = []
  let restBytes = 0
  let number = 0
  for await (const chunk of chunks) {
    const lines: Line[] = []
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      number++
      const piece = chunk.subarray(start, end)
      if (restBytes + piece.length > longest) throw tooLong(number, longest)
      add(lines, number, restBytes === 0 ? piece : Buffer.concat([...rest, piece]))
      rest = []
      restBytes = 0
      start = end + 1
    }
    if (start < chunk.length) {
      rest.push(chunk.subarray(start))
      restBytes += chunk.length - start
      if (restBytes > longest) throw tooLong(number + 1, longest)
    }
    if (lines.length > 0) yield lines
  }
  const last: Line[] = []
  add(last, number + 1, Buffer.concat(rest))
  if (last.length > 0) yield last
}

function add(lines: Line[], number: number, bytes: Uint8Array): void {
  const content = bytes[bytes.length - 1] === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes
  if (content.length > 0) lines.push({ number, bytes: content })
}

function tooLong(number: number, longest: number): RangeError {
  return new RangeError(`Line ${number} is longer than ${longest} bytes.`)
}
