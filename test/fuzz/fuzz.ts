import { change } from './change.ts'
import { FuzzRandom } from './random.ts'
import type { FuzzTarget, Verdict } from './target.ts'

/** An input on which a parser failed. */
export interface Failure {
  readonly target: string
  readonly input: Uint8Array
  readonly error: unknown
}

export interface Run {
  /** Inputs that were tried. */
  readonly inputs: number
  /** Those of them that were refused with an error that is documented. */
  readonly refused: number
  /** Null: none failed. */
  readonly failure: Failure | null
}

/** An input this large at the most is dealt with in this time, on a busy machine too. */
const SLOWEST_MS = 5_000
/** Of a hundred inputs this many are not put right again. */
const UNSEALED_PERCENT = 10
/**
 * A turn of the event loop after so many inputs: work of the next turn, such as the end of a decompressor, is kept in
 * memory until then.
 */
const INPUTS_A_TURN = 64

/** Runs `inputs` changed inputs; the first that fails ends it, made as small as possible. */
export async function fuzz(target: FuzzTarget, inputs: number, seed: number): Promise<Run> {
  const random = new FuzzRandom(seed)
  let refused = 0
  for (let count = 1; count <= inputs; count++) {
    if (count % INPUTS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve))
    const made = change(random.pick(target.samples), random, random.pick(target.samples))
    const input = random.below(100) < UNSEALED_PERCENT ? made : (target.seal?.(made) ?? made)
    const outcome = await outcomeOf(target, input)
    if (outcome === 'refused') refused++
    if (typeof outcome === 'string') continue
    const failure = await shrink(target, { target: target.name, input, error: outcome.reason })
    return { inputs: count, refused, failure }
  }
  return { inputs, refused, failure: null }
}

/** The error of the parser for the input; null without one. */
export async function failureOf(target: FuzzTarget, input: Uint8Array): Promise<{ reason: unknown } | null> {
  const outcome = await outcomeOf(target, input)
  return typeof outcome === 'string' ? null : outcome
}

async function outcomeOf(target: FuzzTarget, input: Uint8Array): Promise<Verdict | { reason: unknown }> {
  const begin = performance.now()
  let verdict: Verdict
  try {
    verdict = await target.run(input)
  } catch (reason) {
    return { reason }
  }
  const ms = performance.now() - begin
  return ms <= SLOWEST_MS ? verdict : { reason: new Error(`took ${ms.toFixed(0)} ms`) }
}

/** Takes away pieces, and sets bytes to zero, as long as the input still fails. */
async function shrink(target: FuzzTarget, failure: Failure): Promise<Failure> {
  let smallest = failure
  const tryOne = async (input: Uint8Array): Promise<boolean> => {
    const sealed = target.seal?.(input) ?? input
    for (const candidate of sealed === input ? [input] : [sealed, input]) {
      const error = await failureOf(target, candidate)
      if (error === null) continue
      smallest = { ...failure, input: candidate, error: error.reason }
      return true
    }
    return false
  }
  for (let length = smallest.input.length >> 1; length >= 1; length >>= 1) {
    for (let at = 0; at + length <= smallest.input.length; ) {
      const { input } = smallest
      const shorter = Uint8Array.from([...input.subarray(0, at), ...input.subarray(at + length)])
      if (!(await tryOne(shorter)) || smallest.input.length >= input.length) at += length
    }
  }
  for (let at = 0; at < smallest.input.length; at++) {
    if (smallest.input[at] !== 0) await tryOne(smallest.input.with(at, 0))
  }
  return smallest
}
