import { arrayOf } from '../../streams/state/json-messages.ts'
import { essenceOf, isJson } from '../../streams/state/stream-record.ts'
import { offsetText } from '../../streams/wire/stream-offset.ts'
import type { FoundPart } from './stream-reader.ts'

/** Whether events have the bytes of a stream of this type as text; else in base64. */
export function isText(type: string): boolean {
  return isJson(type) || essenceOf(type).startsWith('text/')
}

/** A part of a stream as server-sent events: what there is, and where it ends. */
export function eventsOf({ result, body }: FoundPart, cursor: string): string {
  const data = body.length === 0 ? '' : `event: data\n${lines(textOf(result.type, body))}\n`
  const isAtEnd = result.next === result.tail
  const isOver = isAtEnd && result.closed
  const told = {
    streamNextOffset: offsetText(result.next),
    ...(!isOver && { streamCursor: cursor }),
    ...(isAtEnd && { upToDate: true }),
    ...(isOver && { streamClosed: true }),
  }
  return `${data}event: control\n${lines(JSON.stringify(told))}\n`
}

function textOf(type: string, body: Uint8Array): string {
  if (isJson(type)) return Buffer.from(arrayOf(body)).toString()
  return Buffer.from(body).toString(isText(type) ? 'utf8' : 'base64')
}

/** Each line behind `data:`, so that no content ends an event. A reader drops one space at the front of a line. */
function lines(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => `data:${line.startsWith(' ') ? ' ' : ''}${line}\n`)
    .join('')
}
