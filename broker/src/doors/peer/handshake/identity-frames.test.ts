import { describe, expect, it } from 'vitest'
import { helloOf, helloReplyOf, identityOf } from './identity-frames.ts'

const self = {
  brokerId: 1,
  directoryId: 'directory',
  incarnation: 'incarnation',
  clusterId: 'cluster',
  peer: '127.0.0.1:1',
  http: '127.0.0.1:2',
  formed: true,
}

describe('the identity that brokers send', () => {
  it('comes out of both frames of the handshake as it went in, and nothing besides', () => {
    expect(identityOf(helloOf(self))).toEqual(self)
    expect(identityOf(helloReplyOf(self, '{}', null))).toEqual(self)
    expect(helloOf({ ...self, extra: 1 } as typeof self)).not.toHaveProperty('extra')
  })

  it('has the id of a broker: 1 to 2^31 - 1', () => {
    for (const brokerId of [1, 2 ** 31 - 1])
      expect(identityOf(helloOf({ ...self, brokerId }))).toMatchObject({ brokerId })
    for (const brokerId of [0, -1, 2 ** 31, Number.NaN]) {
      expect(() => identityOf(helloOf({ ...self, brokerId }))).toThrow(
        expect.objectContaining({ code: 'MALFORMED_FRAME' }),
      )
    }
  })
})
