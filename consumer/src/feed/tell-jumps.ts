import type { Jump } from '../options.ts'
import type { Cursor } from './cursor.ts'

/** Tells of each cursor that has come to another place than it was to read next, once. @throws what `onJump` throws */
export function tellJumps(topic: string, cursors: Iterable<Cursor>, onJump: ((jump: Jump) => void) | undefined): void {
  for (const cursor of cursors) {
    const jump = cursor.takeJump()
    if (jump === undefined) continue
    const missing = Math.max(0, jump.to - jump.from)
    onJump?.({ topic, partition: cursor.partition, ...jump, missing })
  }
}
