import { encodeFrame, FRAME_PREFIX_BYTES, FrameReader, type MessageName, parseFrame } from '@tailrace/schemas'
import { decoderFor, protocolJson } from '@tailrace/schemas/foreign-protocol'
import { sampleMessages } from '../../../schemas/src/testing/sample-messages.ts'
import { type FuzzTarget, joined, refusedAs, text } from '../target.ts'

const MAX_FRAME_BYTES = 1024 * 1024
const names = Object.keys(sampleMessages) as MessageName[]
const samples = names.map((name) => joined(encodeFrame(name, sampleMessages[name], [Uint8Array.of(1, 2, 3)])))

/** The real lengths of the frame, in the place of those it claims. */
export function sealedFrame(input: Uint8Array): Uint8Array {
  if (input.length < FRAME_PREFIX_BYTES) return input
  const frame = input.slice()
  const view = new DataView(frame.buffer)
  view.setUint32(0, frame.length - 4)
  frame[4] = 1
  frame[5] = 0
  if (view.getUint32(8) > frame.length - FRAME_PREFIX_BYTES) view.setUint32(8, frame.length - FRAME_PREFIX_BYTES)
  return frame
}

/** Prefix and Avro header of every kind of message. */
export const frames: FuzzTarget = {
  name: 'frame',
  samples,
  seal: sealedFrame,
  run(input) {
    try {
      parseFrame(input, undefined, MAX_FRAME_BYTES)
      return 'taken'
    } catch (error) {
      return refusedAs(error, ['MALFORMED_FRAME', 'UNSUPPORTED_MESSAGE', 'FRAME_TOO_LARGE'])
    }
  },
}

/** A stream of frames, cut into chunks at any place. */
export const frameStreams: FuzzTarget = {
  name: 'frame-stream',
  samples: samples.map((sample, at) =>
    joined([sample, samples[(at + 1) % samples.length]!, samples[(at + 2) % samples.length]!]),
  ),
  run(input) {
    const reader = new FrameReader({ maxFrameBytes: MAX_FRAME_BYTES, onFrame: () => {} })
    const chunk = 1 + (input[0] ?? 0) + (input[input.length >> 1] ?? 0)
    try {
      for (let at = 0; at < input.length; at += chunk) reader.push(input.subarray(at, at + chunk))
      return 'taken'
    } catch (error) {
      return refusedAs(error, ['MALFORMED_FRAME', 'UNSUPPORTED_MESSAGE', 'FRAME_TOO_LARGE'])
    }
  },
}

/** The schemas that a peer of another version sends. */
export const peerProtocols: FuzzTarget = {
  name: 'peer-protocol',
  samples: [text(protocolJson)],
  run(input) {
    try {
      decoderFor(new TextDecoder().decode(input))
      return 'taken'
    } catch (error) {
      return refusedAs(error, ['INCOMPATIBLE_PEER'])
    }
  },
}
