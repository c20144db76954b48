import type { Socket } from 'node:net'
import { type Frame, FrameReader, ownDecoder } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { peerRefusals } from './refusals.ts'

/** The frames that a refused broker reads. */
function told(refuse: (socket: Socket) => void): Frame[] {
  const frames: Frame[] = []
  const reader = new FrameReader({ maxFrameBytes: 65_536, decoder: ownDecoder, onFrame: (frame) => frames.push(frame) })
  refuse({ write: (bytes: Uint8Array) => reader.push(bytes) } as unknown as Socket)
  return frames
}

test('a broker that TLS does not let in reads why, and nothing about this one', () => {
  const answers = [
    ...told((socket) => peerRefusals.plain(socket)),
    ...told((socket) => peerRefusals.certificate(socket, 'the certificate has expired')),
  ]
  const nobody = { directoryId: '', clusterId: '', peer: '', http: '' }
  expect(answers).toMatchObject([
    { name: 'HelloReply', fields: { ...nobody, error: { code: 'TLS_REQUIRED' } } },
    { name: 'HelloReply', fields: { ...nobody, error: { code: 'CERTIFICATE_REFUSED' } } },
  ])
  expect(JSON.stringify(answers[1])).toContain('the certificate has expired')
})
