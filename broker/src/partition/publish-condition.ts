import type { Message } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { PublishCondition } from './requests.ts'

/** Of a field that is not given. */
const NONE = -1

/** The fence of an answer that has one. */
export function fenceOf({ fence = NONE }: { readonly fence?: number }): { readonly fence?: number } {
  return fence < 0 ? {} : { fence }
}

/** The condition as a PublishIf carries it. */
export function conditionFields({ expectedOffset = NONE, fence = NONE }: PublishCondition): {
  expectedOffset: number
  fence: number
} {
  return { expectedOffset, fence }
}

/**
 * The condition that a PublishIf carries.
 * @throws TailraceError INVALID_REQUEST: a number below -1, or no condition at all
 */
export function conditionOf({
  expectedOffset,
  fence,
}: Pick<Message<'PublishIf'>, 'expectedOffset' | 'fence'>): PublishCondition {
  if (expectedOffset < NONE) throw new TailraceError('INVALID_REQUEST', `expectedOffset: ${expectedOffset} is below 0.`)
  if (fence < NONE) throw new TailraceError('INVALID_REQUEST', `fence: ${fence} is below 0.`)
  if (expectedOffset === NONE && fence === NONE) {
    throw new TailraceError('INVALID_REQUEST', 'A conditional publish has expectedOffset, fence or both.')
  }
  return {
    ...(expectedOffset !== NONE && { expectedOffset }),
    ...(fence !== NONE && { fence }),
  }
}
