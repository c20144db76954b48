import { nodeCrc32c } from '../../../../broker/src/platform/node/checksum.ts'
import { BLOCK_BYTES, type BlockFile } from './block-file.ts'

type Files = Iterable<[string, BlockFile]>

const MARK = '/log/durable'
const MARK_BYTES = 16

/**
 * The block of the journal that the mark beside it names (log/journal/durable-mark.ts); 0 when there is none to be
 * read.
 */
export function markedBlock(files: Files): number {
  for (const [path, file] of files) {
    if (!path.endsWith(MARK)) continue
    const bytes = new Uint8Array(MARK_BYTES)
    if (file.read(bytes, 0) < MARK_BYTES) return 0
    const view = new DataView(bytes.buffer)
    return view.getUint32(0, true) === nodeCrc32c(bytes, 4, MARK_BYTES) ? view.getFloat64(8, true) : 0
  }
  return 0
}

/** The sequence that a block of the journal has in its header. */
export function sequenceOf(block: Uint8Array): number {
  return new DataView(block.buffer, block.byteOffset, block.length).getFloat64(8, true)
}

/**
 * The newest blocks of the journal get their content from before they were written. Only where the mark names the
 * newest: a loss that it does not show could not be told from a write that had not come to its end. The kernel has
 * written the mark back by then, so that no loss of power removes the evidence.
 */
export function loseTail(files: Files, blocks: number): number {
  const all = [...files]
  const written = newestFirst(all)
  if (written.length === 0 || written[0]!.sequence > markedBlock(all)) return 0
  const lost = written.slice(0, blocks)
  for (const { file, block } of lost) file.corrupt(block, undefined)
  const mark = all.find(([path]) => path.endsWith(MARK))?.[1]
  mark?.endSync(mark.beginSync())
  return lost.length
}

/**
 * All blocks of the journal above a sequence, and the mark, get their earlier content. Nothing on the disk shows the
 * loss. Returns how many.
 */
export function loseUntold(files: Files, kept: number): number {
  const all = [...files]
  const lost = newestFirst(all).filter(({ sequence }) => sequence > kept)
  for (const { file, block } of lost) file.corrupt(block, undefined)
  const mark = all.find(([path]) => path.endsWith(MARK))?.[1]
  const bytes = mark?.stored(0)?.slice()
  if (mark !== undefined && bytes !== undefined) {
    const view = new DataView(bytes.buffer)
    view.setFloat64(8, kept, true)
    view.setUint32(0, nodeCrc32c(bytes, 4, MARK_BYTES), true)
    mark.corrupt(0, bytes)
  }
  return lost.length
}

function newestFirst(files: Files): { file: BlockFile; block: number; sequence: number }[] {
  const written: { file: BlockFile; block: number; sequence: number }[] = []
  for (const [path, file] of files) {
    if (!path.includes('/journal/')) continue
    for (const block of file.blocks()) {
      const bytes = file.stored(block)!
      if (bytes[4] !== 0) written.push({ file, block, sequence: sequenceOf(bytes.subarray(0, BLOCK_BYTES)) })
    }
  }
  return written.sort((a, b) => b.sequence - a.sequence)
}
