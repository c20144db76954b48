import { getEventListeners } from 'node:events'
import { TailraceError } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { abortError, delay, orAborted, throwIfAborted } from './delay.ts'

const closed = new TailraceError('CLOSED')
const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

describe('the error of an aborted call', () => {
  it('is ABORTED with the reason of the signal as its cause, or the reason itself when that is typed', () => {
    expect(abortError(AbortSignal.abort('why'))).toMatchObject({ code: 'ABORTED', cause: 'why' })
    expect(abortError(AbortSignal.abort(closed))).toBe(closed)
    expect(() => throwIfAborted(AbortSignal.abort(closed))).toThrow(closed)
    for (const signal of [undefined, new AbortController().signal]) expect(() => throwIfAborted(signal)).not.toThrow()
  })
})

describe('a delay', () => {
  it('ends after its time, and leaves nothing on the signal', async () => {
    const { signal } = new AbortController()
    const waiting = delay(1, signal)
    expect(listeners(signal)).toBe(1)
    await waiting
    expect(listeners(signal)).toBe(0)
    await delay(0)
  })

  it('ends at once with the signal', async () => {
    const controller = new AbortController()
    const waiting = delay(60_000, controller.signal)
    controller.abort(closed)
    await expect(waiting).rejects.toBe(closed)
    await expect(delay(60_000, controller.signal)).rejects.toBe(closed)
  })
})

describe('a promise that is waited for until a signal', () => {
  it('settles as it does, and leaves nothing on the signal', async () => {
    const { signal } = new AbortController()
    expect(await orAborted(Promise.resolve(1), undefined)).toBe(1)
    expect(await orAborted(Promise.resolve(2), signal)).toBe(2)
    await expect(orAborted(Promise.reject(closed), signal)).rejects.toBe(closed)
    await delay(0)
    expect(listeners(signal)).toBe(0)
  })

  it('ends with the signal, also with one that was aborted before', async () => {
    const controller = new AbortController()
    const waiting = orAborted(new Promise(() => {}), controller.signal)
    controller.abort(closed)
    await expect(waiting).rejects.toBe(closed)
    await expect(orAborted(Promise.resolve(1), controller.signal)).rejects.toBe(closed)
  })
})

it('a promise that fails behind an abort ends no process', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  const aborted = orAborted(Promise.reject(new Error('too late')), AbortSignal.abort())
  await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' })
  await new Promise((resolve) => setTimeout(resolve))
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})
