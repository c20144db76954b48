import { BLOCK_BYTES, openBlock } from '../journal/block.ts'
import type { JournalFile } from '../journal/journal-file.ts'
import { Replay } from '../journal/replay.ts'
import type { JournalScan, ScannedRound } from '../journal/scan.ts'
import type { Checkpoint } from '../recovery/checkpoint.ts'
import { applyJournal, openJournalFiles, replayedGroups } from '../recovery/recover.ts'
import type { LogToInspect } from './inspected-log.ts'

export interface InspectedJournal {
  readonly replay: Replay
  readonly rounds: number
}

const wholeAgain =
  'Start the broker while the brokers of the other replicas run: replicas that may have lost entries are in quarantine until a leader has sent these again.'

/** The state after the last round; what was found on the way is reported. */
export async function inspectJournal(log: LogToInspect, checkpoint: Checkpoint): Promise<InspectedJournal> {
  const { disk, folder, crc32c: crc } = log
  const journal = `${folder}/journal`
  const files = await openJournalFiles(disk, journal, 0)
  try {
    reportMissing(log, journal, checkpoint, files)
    const replay = new Replay(replayedGroups(checkpoint), checkpoint.nextIncarnation - 1, crc, false)
    let rounds = 0
    const scan = await applyJournal({ disk, folder, crc, checkpoint, files }, replay, (round) => {
      rounds++
      log.onRead(round.bytes.length)
      if (!round.sound) reportUnsound(log, journal, round)
    })
    for (const place of replay.unreadablePlaces) reportUnreadable(log, journal, place)
    reportEnd(log, journal, scan, replay)
    return { replay, rounds }
  } finally {
    for (const file of files) await file.close()
  }
}

function reportMissing(
  { report }: LogToInspect,
  folder: string,
  { files: named = [], place }: Checkpoint,
  found: readonly JournalFile[],
): void {
  const expected = new Set(place.file === '' ? named : [...named, place.file])
  for (const name of expected) {
    if (found.some((file) => file.name === name)) continue
    const problem = 'the file is missing, and may have held the last rounds'
    report({ severity: 'damage', file: `${folder}/${name}`, position: null, problem, advice: wholeAgain })
  }
}

function reportUnsound({ report, crc32c }: LogToInspect, folder: string, round: ScannedRound): void {
  const { place, sequence, bytes } = round
  if (place === null) {
    const problem = `rounds from block ${sequence} on are missing`
    report({ severity: 'damage', file: folder, position: null, problem, advice: wholeAgain })
    return
  }
  let at = 0
  while (at < bytes.length && openBlock(bytes, at, crc32c)?.sequence === sequence + at / BLOCK_BYTES) at += BLOCK_BYTES
  report({
    severity: 'damage',
    file: `${folder}/${place.file}`,
    position: place.position + (at < bytes.length ? at : 0),
    problem: `block ${sequence + (at < bytes.length ? at / BLOCK_BYTES : 0)} is not as it was written`,
    advice: wholeAgain,
  })
}

function reportUnreadable(
  { report }: LogToInspect,
  folder: string,
  { file, position }: NonNullable<ScannedRound['place']>,
): void {
  report({
    severity: 'damage',
    file: `${folder}/${file}`,
    position,
    problem: 'the checksums of this round are right, and records of it are none that a broker writes',
    advice: wholeAgain,
  })
}

function reportEnd(log: LogToInspect, folder: string, scan: JournalScan, replay: Replay): void {
  const { file, position, nextSequence } = scan.end
  const path = file === null ? folder : `${folder}/${file.name}`
  if (replay.lostEnd) {
    const problem = `the journal ends before block ${nextSequence}, which was durable once: the disk has lost writes`
    log.report({ severity: 'damage', file: path, position, problem, advice: wholeAgain })
  } else if (scan.torn) {
    log.report({
      severity: 'note',
      file: path,
      position,
      problem: 'the last round is torn: the broker ended while it was written, and nobody was told of it',
      advice: 'Nothing is to be done: the next start cuts it off.',
    })
  }
}
