import { pino } from 'pino'
import { expect, test } from 'vitest'
import { logLevelOf } from './log-level.ts'

test('what is below the level is not written, from the change on', async () => {
  const lines: string[] = []
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line).msg) })
  const api = logLevelOf(logger)
  const say = (text: string) => {
    logger.info({}, text)
    logger.error({}, `${text}!`)
  }
  say('a')
  expect(await api.setLogLevel('error')).toEqual({ level: 'error', before: 'info' })
  say('b')
  await api.setLogLevel('silent')
  say('c')
  expect(await api.setLogLevel('trace')).toEqual({ level: 'trace', before: 'silent' })
  say('d')
  expect(await api.logLevel()).toBe('trace')
  expect(lines).toEqual(['a', 'a!', 'b!', 'd', 'd!'])
})
