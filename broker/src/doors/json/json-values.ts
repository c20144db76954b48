import { TailraceError } from '@tailrace/schemas'

/** As many as the largest publish needs: 100,000 records of five fields, and as many headers. */
const MOST_VALUES = 800_000

const [QUOTE, BACKSLASH, COMMA, ARRAY, OBJECT] = [...Buffer.from('"\\,[{')] as [number, number, number, number, number]

/**
 * Counts the values of a text in JSON without making any: a byte or two of it becomes a hundred bytes of objects, and
 * the time for them is nobody else's. A text that is no JSON is for its parser to refuse.
 * @throws TailraceError INVALID_REQUEST: there are too many
 */
export function checkValues(utf8: Buffer, most = MOST_VALUES): void {
  if (utf8.length <= most) return
  let values = 0
  for (let at = 0; at < utf8.length; at++) {
    const byte = utf8[at]!
    if (byte === QUOTE) {
      at = endOfString(utf8, at)
      if (at < 0) return
    } else if (byte === COMMA || byte === ARRAY || byte === OBJECT) {
      if (++values > most) throw new TailraceError('INVALID_REQUEST', `The JSON has more than ${most} values.`)
    }
  }
}

/** Where the closing quote of the string stands that begins at `start`; below 0: nowhere. */
function endOfString(utf8: Buffer, start: number): number {
  for (let end = utf8.indexOf(QUOTE, start + 1); end >= 0; end = utf8.indexOf(QUOTE, end + 1)) {
    let escapes = 0
    while (utf8[end - 1 - escapes] === BACKSLASH) escapes++
    if (escapes % 2 === 0) return end
  }
  return -1
}
