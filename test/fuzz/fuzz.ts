import { change } from './change.ts'
import { FuzzRandom } from './random.ts'
import type { FuzzTarget } from './target.ts'

/** An input that a parser did not survive. */
export interface Failure {
  readonly target: string
  readonly input: Uint8Array
  readonly error: unknown
}

/** An input this large at the most is dealt with in this time, on a busy machine too. */
const SLOWEST_MS = 5_000
/** Of a hundred inputs this many are not put right again. */
const UNSEALED_PERCENT = 10

/** Runs `inputs` changed inputs; the first that fails ends it, made as small as it goes. Null: none failed. */
export async function fuzz(target: FuzzTarget, inputs: number, seed: number): Promise<Failure | null> {
  const random = new FuzzRandom(seed)
  for (let count = 0; count < inputs; count++) {
    const made = change(random.pick(target.samples), random, random.pick(target.samples))
    const input = random.below(100) < UNSEALED_PERCENT ? made : (target.seal?.(made) ?? made)
    const error = await failureOf(target, input)
    if (error === null) continue
    return shrink(target, { target: target.name, input, error: error.reason })
  }
  return null
}

/** What the parser did wrong with the input; null when it did nothing wrong. */
export async function failureOf(target: FuzzTarget, input: Uint8Array): Promise<{ reason: unknown } | null> {
  const begin = performance.now()
  try {
    await target.run(input)
  } catch (reason) {
    return { reason }
  }
  const ms = performance.now() - begin
  return ms <= SLOWEST_MS ? null : { reason: new Error(`took ${ms.toFixed(0)} ms`) }
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
