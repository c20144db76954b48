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
  const stream = { cork: () => void corks.push('cork'), uncork: () => void corks.push('uncork'), destroyed: false }
  const box = new Outbox(open as unknown as WebSocket, stream as unknown as Duplex, clock)
  return { clock, sent, corks, box }
}

const forms = [
  ['a text', (box: Outbox) => box.sendText('a')],
  ['a text around bytes', (box: Outbox) => box.sendTextAround('a', new Uint8Array(1), 'b')],
  ['a text around many bytes', (box: Outbox) => box.sendTextAround('a', new Uint8Array(10_000), 'b')],
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

test.each(forms)('%s is not sent on a socket that is closing', (_, send) => {
  const { box, sent, corks } = outbox(2)
  send(box)
  expect([sent, corks]).toEqual([[], []])
})
