import type { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { ManualClock } from '../../platform/testing/clock.ts'
import { Outbox } from './outbox.ts'

function outbox(readyState = 1) {
  const clock = new ManualClock()
  const sent: unknown[] = []
  const corks: string[] = []
  const open = { readyState, OPEN: 1, bufferedAmount: 0, send: (data: unknown) => void sent.push(data) }
  const stream = {
    cork: () => void corks.push('cork'),
    uncork: () => void corks.push('uncork'),
    write: (data: unknown) => void sent.push(data),
  }
  const box = new Outbox(open as unknown as WebSocket, stream as unknown as Duplex, clock)
  return { clock, sent, corks, box }
}

const forms = [
  ['a text', (box: Outbox) => box.sendText('a')],
  ['a message of several pieces', (box: Outbox) => box.sendMessage([new Uint8Array(1), new Uint8Array(9)], true)],
  ['a message among others', (box: Outbox) => box.sendMessage([new Uint8Array(1)], false)],
  ['pieces', (box: Outbox) => box.sendPieces([new Uint8Array(1), new Uint8Array(10_000)])],
] as const

test.each(forms)('%s leaves with all other messages of the turn in one write', async (_, send) => {
  const { box, sent, corks, clock } = outbox()
  send(box)
  send(box)
  expect(sent.length).toBeGreaterThan(1)
  expect(corks).toEqual(['cork'])
  await clock.advance(0, async () => {})
  expect(corks).toEqual(['cork', 'uncork'])
})

test('a message that is alone leaves at once', () => {
  const { box, sent, corks } = outbox()
  box.sendMessage([new Uint8Array(1)], true)
  expect([sent.length, corks]).toEqual([1, []])
})

test.each([...forms, ['a message', (box: Outbox) => box.sendMessage([new Uint8Array(1)], true)] as const])(
  '%s is not sent on a socket that is closing',
  (_, send) => {
    const { box, sent, corks } = outbox(2)
    send(box)
    expect([sent, corks]).toEqual([[], []])
  },
)
