import { pino } from 'pino'
import { expect, test } from 'vitest'
import { logText } from './log-text.ts'

function texts(log: (logger: ReturnType<typeof pino>) => void): string {
  const lines: string[] = []
  const options = { level: 'trace', base: { broker: 1 }, timestamp: () => ',"time":"2026-06-01T10:00:00.000Z"' }
  log(pino(options, { write: (line: string) => void lines.push(logText(line)) }))
  return lines.join('')
}

test('a line has the time, the level, what happened, and the fields', () => {
  const text = texts((logger) => {
    logger.info({ version: '1.0.0', pid: 7, why: 'two words', addresses: ['a:1'] }, 'starting')
    logger.warn('only words')
    logger.fatal({ url: 'http://h:1/?a=b', nothing: '' }, '')
  })
  expect(text).toBe(
    '2026-06-01T10:00:00.000Z INFO  starting  broker=1  version=1.0.0  pid=7  why="two words"  addresses=["a:1"]\n' +
      '2026-06-01T10:00:00.000Z WARN  only words  broker=1\n' +
      '2026-06-01T10:00:00.000Z FATAL   broker=1  url="http://h:1/?a=b"  nothing=""\n',
  )
})

test('the stack of an error follows', () => {
  const error = Object.assign(new Error('no disk'), { stack: 'Error: no disk\n    at a.ts:1\n    at b.ts:2' })
  expect(texts((logger) => logger.error({ err: error }, 'failed'))).toBe(
    '2026-06-01T10:00:00.000Z ERROR failed  broker=1\n    Error: no disk\n    at a.ts:1\n    at b.ts:2\n',
  )
})

test('text of others does not control the terminal', () => {
  const text = texts((logger) => logger.info({ host: 'a\x1b[2Jb\nc', c1: 'x\x9b2J' }, 'from\x1b]0;t\x07\r\n'))
  expect(text.slice(0, -1)).not.toMatch(/\p{Cc}/u)
  expect(text).toContain('\\u001b')
  expect(text).toContain('\\u009b')
})
