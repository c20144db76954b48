import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { askLine } from './typed-line.ts'

function keyboard() {
  const modes: boolean[] = []
  const keys = Object.assign(new PassThrough(), { setRawMode: (raw: boolean) => void modes.push(raw) })
  const shown: string[] = []
  const interruption = new AbortController()
  const ask = (isShown = false) =>
    askLine({ text: 'Password: ', shown: isShown }, keys, (text) => void shown.push(text), interruption.signal)
  return { keys, modes, shown, interruption, ask }
}

it('takes a line without showing it, and the terminal is as before', async () => {
  const { keys, modes, shown, ask } = keyboard()
  const asked = ask()
  for (const part of ['pen', 'ciX', '\u007f', 'l\r']) keys.write(part)
  expect(await asked).toBe('pencil')
  expect([modes, shown]).toEqual([
    [true, false],
    ['Password: ', '\n'],
  ])
})

it('takes characters whose bytes come in pieces, and Ctrl-U begins anew', async () => {
  const { keys, ask } = keyboard()
  const asked = ask()
  const bytes = Buffer.from('wrong\u0015ü🔑\n')
  for (const byte of bytes) keys.write(Buffer.of(byte))
  expect(await asked).toBe('ü🔑')
})

it.each(['\u0003', '\u0004'])('%j gives up', async (key) => {
  const { keys, modes, ask } = keyboard()
  const asked = ask()
  keys.write(`pen${key}`)
  await expect(asked).rejects.toMatchObject({ code: 'ABORTED' })
  expect(modes).toEqual([true, false])
})

it('so does a signal', async () => {
  const { interruption, ask, modes } = keyboard()
  const asked = ask()
  interruption.abort('SIGTERM')
  await expect(asked).rejects.toMatchObject({ code: 'ABORTED' })
  expect(modes).toEqual([true, false])
})

it('shows what is typed where it may, and what is taken back, and controls no terminal', async () => {
  const { keys, shown, ask } = keyboard()
  const asked = ask(true)
  for (const part of ['\u007f', 'abX\u007f', '\u0015', 'o\u001b[2J', '\u0015ok\n']) keys.write(part)
  expect(await asked).toBe('ok')
  const back = '\b \b'
  expect(shown.join('')).toBe(`Password: abX${back}${back}${back}o\\u001b[2J${back.repeat(5)}ok\n`)
})
